"""The whole hub over real sockets: what clients may rely on."""

from tests.gateway import RunningGateway


def test_two_sessions_talk_to_each_other(gateway: RunningGateway) -> None:
    with gateway.connect("talk-a") as a, gateway.connect("talk-b") as b:
        ack = a.ask({"action": "sendMessage", "sessions": ["talk-b"], "message": "olá", "id": "c-1"})
        assert ack == {"type": "ack", "id": "c-1", "delivered": {"talk-b": 1}, "offline": [], "failed": {}}
        message = b.receive()
        assert message | {"sent_at": None} == {
            "type": "message",
            "id": "c-1",
            "session": "talk-b",
            "from": "talk-a",
            "sent_at": None,
            "message": "olá",
        }
