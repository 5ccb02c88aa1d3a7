"""
Benchmarks and models, a package for each subject.

delivery   measures how fast one message reaches many connections, and what that costs: ``make bench``
gateway    measures the local gateway: ``make bench``
scaling    computes what a hub of any size needs, from the measurements: ``make scaling``

artefacts  installs the libraries of Lambda's runtime for a benchmark
costs      has AWS's prices
limits     has AWS's quotas, and the hub's limits
publish    puts the results of ``make bench`` into docs/performance.md: ``make publish``
report     makes figures of times, reads results, and writes tables into documents

"""
