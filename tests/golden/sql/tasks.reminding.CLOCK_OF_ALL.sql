-- no parameters
SELECT now() AS now_1
