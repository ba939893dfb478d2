from __future__ import annotations

import asyncio

import pytest

from tests.zelery.sdk.http.wires import connected, received
from zelery.sdk.http.channel import WAITING_BYTES_MAX, Channel


async def test_bytes_that_came_before_the_end_can_still_be_read() -> None:
    channel = received(b"a", b"b")

    while await channel.more(None):
        pass

    assert channel.data == b"ab"
    assert not await channel.more(None)


async def test_nothing_in_time_is_a_timeout() -> None:
    channel, _ = connected()

    with pytest.raises(TimeoutError):
        await channel.more(0)


async def test_a_connection_that_breaks_is_told_to_who_reads() -> None:
    channel = received(error=ConnectionResetError("reset"))

    with pytest.raises(ConnectionResetError):
        await channel.more(None)


async def test_an_end_that_was_said_is_no_break() -> None:
    channel, _ = connected()
    channel.eof_received()
    channel.connection_lost(ConnectionResetError("too late to matter"))

    assert not await channel.more(None)


async def test_who_sends_more_than_is_taken_has_to_wait() -> None:
    channel, transport = connected()

    channel.data_received(b"x" * (WAITING_BYTES_MAX + 1))
    assert not transport.reading
    channel.data.clear()
    with pytest.raises(TimeoutError):
        await channel.more(0)

    assert transport.reading


async def test_writing_waits_until_the_transport_has_room() -> None:
    channel, transport = connected()
    channel.pause_writing()
    writing = asyncio.create_task(channel.write(b"data"))
    await asyncio.sleep(0)
    assert transport.written == b"data"
    assert not writing.done()

    channel.resume_writing()

    await writing


@pytest.mark.parametrize("event", ["answer", "end"])
async def test_writing_ends_when_the_other_side_answers_or_goes(event: str) -> None:
    channel, _ = connected()
    channel.pause_writing()
    writing = asyncio.create_task(channel.write(b"data"))
    await asyncio.sleep(0)

    channel.data_received(b"HTTP/1.1 413 ") if event == "answer" else channel.connection_lost(None)

    await writing


async def test_a_channel_is_quiet_while_nothing_unasked_has_come() -> None:
    channel, transport = connected()
    assert channel.quiet
    channel.data_received(b"HTTP/1.1 408 Request Timeout\r\n\r\n")
    assert not channel.quiet

    channel.close()

    assert transport.aborted


async def test_a_channel_that_was_never_connected_has_no_transport() -> None:
    Channel().close()
    with pytest.raises(ConnectionError):
        await Channel().write(b"x")
