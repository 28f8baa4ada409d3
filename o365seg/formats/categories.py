"""Objects365 category names: kept verbatim in files, corrected where a person reads them."""

# The misspelt names of the official v2 list. Files keep the left side, for other tools match by it.
_CORRECTIONS = {
    "Moniter/TV": "Monitor/TV",
    "Bakset": "Basket",
    "Dinning Table": "Dining Table",
    "Tea pot": "Teapot",
    "Extention Cord": "Extension Cord",
    "Hotair ballon": "Hot air balloon",
    "Hamimelon": "Hami melon",
    "Mushroon": "Mushroom",
    "Tape Measur/ Ruler": "Tape Measure/ Ruler",
    "Campel": "Camel",
    "Meat ball": "Meatball",
    "Buttefly": "Butterfly",
    "Table Teniis paddle": "Table Tennis paddle",
}


def display_name(name: str) -> str:
    """The name to show a person: trailing blanks off, the known misspellings corrected."""
    name = name.strip()
    return _CORRECTIONS.get(name, name)
