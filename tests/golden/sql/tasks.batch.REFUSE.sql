-- no parameters
SELECT sqrt(-1) AS sqrt_1
