{"value": [["w", 1, 5, true], ["r", 2, 0, false]]}
{"value": [["r", 2, "nil", false], ["i", 4, 8, null, false, true]]}
