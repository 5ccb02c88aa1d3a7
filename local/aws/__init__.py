"""The AWS that functions call: moto in a process of its own, with what the template declares in it."""
