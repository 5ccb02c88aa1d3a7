"""
``python -m local smoke``: checks in a minute whether a deployed hub works, and prints one sentence for each check.

``access`` reads the URL and makes credentials. ``client`` opens connections and speaks the protocol; ``problems`` turns
its errors into sentences. Every check of ``checks`` must hold; ``facts`` only reports. ``run`` runs all of them. No
module depends on what serves the URL.

"""
