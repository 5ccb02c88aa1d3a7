"""
The guarantee, with everything that can go wrong.

A message whose ack has a number reaches every client that resumes in time, exactly once and in the order of the
numbers, or the client hears that it has missed something.

"""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.reconnects import Receiver, World


def check(world: World, receiver: Receiver) -> None:
    numbers = [seq for seq, _ in receiver.got]
    messages = [message for _, message in receiver.got]
    assert numbers == sorted(set(numbers)), "the order of the numbers"
    assert len(messages) == len(set(messages)), "exactly once"
    assert receiver.start is not None
    for seq, message in world.acked:
        if seq > receiver.start and not any(first < seq <= last for first, last in receiver.gaps):
            assert (seq, message) in receiver.got, "an acked message is missing, and the client does not know"


@settings(max_examples=400)
@given(
    rng=st.randoms(use_true_random=True),
    senders=st.integers(1, 13),
    lives=st.integers(1, 6),
    seconds=st.sampled_from([5, 60, 20_000]),
)
def test_nothing_is_lost_silently_whatever_fails(rng: Random, senders: int, lives: int, seconds: int) -> None:
    world = World(rng, is_timely=False, seconds=seconds)
    check(world, world.run(senders, lives))


@settings(max_examples=400)
@given(rng=st.randoms(use_true_random=True), senders=st.integers(1, 13), lives=st.integers(1, 6))
def test_nothing_is_missed_at_all_while_nothing_fails(rng: Random, senders: int, lives: int) -> None:
    world = World(rng, is_timely=True, seconds=60)
    receiver = world.run(senders, lives)
    check(world, receiver)
    assert receiver.gaps == []
    assert len(world.acked) == senders


@settings(max_examples=400)
@given(
    rng=st.randoms(use_true_random=True),
    senders=st.integers(1, 13),
    lives=st.integers(1, 6),
    purges=st.integers(1, 3),
    seconds=st.sampled_from([5, 60, 20_000]),
)
def test_nothing_is_lost_silently_while_an_operator_deletes_the_history(
    rng: Random, senders: int, lives: int, purges: int, seconds: int
) -> None:
    world = World(rng, is_timely=False, seconds=seconds, purges=purges)
    check(world, world.run(senders, lives))


@settings(max_examples=400)
@given(
    rng=st.randoms(use_true_random=True), senders=st.integers(1, 13), lives=st.integers(1, 6), purges=st.integers(1, 3)
)
def test_an_operator_who_deletes_the_history_loses_nothing_silently_while_nothing_fails(
    rng: Random, senders: int, lives: int, purges: int
) -> None:
    world = World(rng, is_timely=True, seconds=60, purges=purges)
    receiver = world.run(senders, lives)
    check(world, receiver)
    assert len(world.acked) == senders
