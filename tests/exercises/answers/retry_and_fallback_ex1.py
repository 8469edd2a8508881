# %% passed: the numbers as keys and values, written with a loop
requests = {
    "default": {status: 3 * (3 if status >= 429 else 1) for status in (400, 401, 429, 500)},
    "careful": {status: 3 if status >= 429 else 1 for status in (400, 401, 429, 500)},
}
# %% passed: text for keys
requests = {
    "careful": {"400": 1, "401": 1, "429": 3, "500": 3},
    "default": {"400": 3, "401": 3, "429": 9, "500": 9},
}
# %% partial | the default desk: thinks that nobody retries a 400 or a 401
requests = {
    "default": {400: 1, 401: 1, 429: 9, 500: 9},
    "careful": {400: 1, 401: 1, 429: 3, 500: 3},
}
# %% partial | the default desk: adds where it should multiply
requests = {
    "default": {400: 4, 401: 4, 429: 6, 500: 6},
    "careful": {400: 1, 401: 1, 429: 3, 500: 3},
}
# %% partial | the default desk: forgets the SDK
requests = {
    "default": {400: 3, 401: 3, 429: 3, 500: 3},
    "careful": {400: 1, 401: 1, 429: 3, 500: 3},
}
# %% partial | the careful desk: counts the SDK, which has max_retries=0
requests = {
    "default": {400: 3, 401: 3, 429: 9, 500: 9},
    "careful": {400: 1, 401: 1, 429: 9, 500: 9},
}
# %% partial | the careful desk: counts retries, not requests
requests = {
    "default": {400: 3, 401: 3, 429: 9, 500: 9},
    "careful": {400: 0, 401: 0, 429: 2, 500: 2},
}
# %% failed: twenty-seven everywhere
requests = {name: dict.fromkeys((400, 401, 429, 500), 27) for name in ("default", "careful")}
# %% failed: one dictionary for both
requests = {400: 3, 401: 3, 429: 9, 500: 9}
# %% failed: a list
requests = [3, 3, 9, 9]
