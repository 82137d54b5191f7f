-- The index for the reports of one firm.
CREATE INDEX counter_of_firm ON counter (firm_id)
