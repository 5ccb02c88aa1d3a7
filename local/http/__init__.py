"""
HTTP as all servers of the gateway speak it, the embedded AWS included.

- ``guard``: which requests are answered
- ``server``: aiohttp with time limits, and errors in AWS's shape
- ``closing``: how connections end

"""
