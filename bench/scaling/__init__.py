"""
Computes what a hub of any size needs: ``make scaling``.

model           makes all figures of docs/scaling.md
steady          is a constant load: what it takes of AWS each second
bill            is the bill of a month for such a load
ceilings        says which quota a load reaches first
rush            simulates many clients that connect at once
burst           simulates one message to a large session
function_times  reads from docs/performance.json how long the functions run
tables, charts  show the figures in docs/scaling.md

"""
