"""
``python -m local smoke``: whether a hub that has been deployed works, sentence by sentence, in a minute.

``access`` says how connections get in, ``client`` opens them and speaks the protocol, ``checks`` must hold,
``facts`` are told, and ``run`` goes through all of them. Nothing here knows what serves the URL.

"""
