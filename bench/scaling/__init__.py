"""
Computes what a hub of any size needs: ``make scaling``.

model           makes all figures of docs/scaling.md
steady          is a constant load: what it takes of AWS each second
bill            is the bill of a month for such a load
ceilings        says which quota a load reaches first
rush            simulates many clients that connect at once
burst           simulates one message to a large session
history         is what history costs, and what it adds to a constant load
hot_history     simulates a session that gets more messages than its history can store
history_figures makes all figures about history
function_times  reads from docs/performance.json how long the functions run
tables, history_tables, charts
                show the figures in docs/scaling.md

"""
