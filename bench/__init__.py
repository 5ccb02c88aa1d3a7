"""
Benchmarks and models, a package for each subject.

delivery  measures how fast one message reaches many connections, and what that costs: ``make bench``
gateway   measures the local gateway: ``make bench``
scaling   models a hub of any size on paper, without measuring: ``make scaling``

``costs`` has AWS's prices, ``limits`` AWS's quotas, ``artefacts`` installs what Lambda's runtime has,
``report`` has what all tables of results share, and ``publish`` puts results into docs/performance.md.

"""
