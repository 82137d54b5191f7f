-- Makes unqualified names mean the copy in schema $1 until the transaction ends.
SELECT set_config('search_path', $1, TRUE)
