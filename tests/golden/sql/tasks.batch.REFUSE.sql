-- no parameters
SELECT refuse('TW428') AS refuse_1
