"""Reports as people take them away: one model of a listing, written as CSV, XLSX or PDF, in English or Romanian."""
