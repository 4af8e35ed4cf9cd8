{"value": [["w", 1, 5, true]]}
{"value": [["range", 1, 5, []]]}
