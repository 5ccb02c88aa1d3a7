"""
Measures the local gateway, or another server that echoes WebSocket messages: ``python -m bench.gateway``.

load     has the clients, which send messages and measure
process  starts and ends a gateway, and reads its memory and CPU time
echo     is the application that the gateway runs
tables   show the results in docs/performance.md

"""
