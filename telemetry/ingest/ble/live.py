"""Listening to Bluetooth bikes: rows as they are received, handed to a callback.

Comes in: this computer's adapter, through `bleak` (the optional extra `[ble]`, imported nowhere else). Goes
out: a `BleRow` for every notification of the characteristics in `uuids.py` and every advertisement of a
Keiser bike. Leaves to others: the capture file, and what the bytes mean (`decoder.py`).

Keiser bikes are never connected to; they repeat their advertisement every 0.3 s, and a computer drops the
repetitions unless it is asked for duplicates in an active scan. Other bikes are connected to once they are
seen, and again when they are lost. Not tried here: a real adapter. Keiser says that more than 30 bikes need
its own receiver.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any, Final

from telemetry.errors import BadInput, NoRadio
from telemetry.ingest.antplus.capture_read import BleRow
from telemetry.ingest.ble import uuids
from telemetry.ingest.ble.address import address_number

INSTALL: Final = "pip install smartbike-telemetry[ble]"
COMPANY: Final = uuids.KEISER.to_bytes(2, "little")
RETRY_S: Final = (1.0, 2.0, 5.0, 10.0)
"""Before the second, third … attempt to connect; the last one again and again."""
CONNECT_S: Final = 20.0
LONGEST_PAYLOAD: Final = 255
_BASE_UUID: Final = "0000{:04x}-0000-1000-8000-00805f9b34fb"


def long_uuid(number: int) -> str:
    """An assigned number as the UUID that operating systems write."""
    return _BASE_UUID.format(number)


async def listen(
    on_row: Callable[[BleRow], None],
    *,
    stop: asyncio.Event,
    only: Collection[int] | None = None,
    clock: Callable[[], float] = time.time,
    on_problem: Callable[[str], None] | None = None,
) -> None:
    """Hear bikes until `stop` is set; every row goes to `on_row` in the event loop's thread.

    Parameters
    ----------
    only : numbers of addresses (`address_number`) to connect to; None: every bike and belt in reach.
        Keiser's advertisements are handed on whoever sent them: connecting is what disturbs, not hearing
    clock : Unix seconds; a capture gives its own, which never runs back
    on_problem : told in words what failed and is tried again

    An exception of `on_row` ends the listening and is raised.

    Raises
    ------
    NoRadio : bleak is not installed, or there is no adapter to listen with
    """
    bleak = _bleak()
    room = _Room(bleak, on_row, stop, only, clock, on_problem or (lambda words: None))
    scanner = bleak.BleakScanner(
        room.advertised, scanning_mode="active", bluez={"filters": {"DuplicateData": True}}
    )
    try:
        await scanner.start()
    except (bleak.exc.BleakError, OSError) as cause:
        raise NoRadio(
            f"Bluetooth cannot be listened to: {cause}", expected="an adapter that is on"
        ) from cause
    try:
        await room.until_stopped()
    finally:
        with suppress(bleak.exc.BleakError, OSError):
            await scanner.stop()
        await room.leave()


def _bleak() -> Any:
    try:
        import bleak
        import bleak.exc
    except ImportError as cause:
        raise NoRadio("listening to Bluetooth needs the package bleak", expected=INSTALL) from cause
    return bleak


class _Room:
    """What is being listened to: one task for each connected device."""

    def __init__(
        self,
        bleak: Any,
        on_row: Callable[[BleRow], None],
        stop: asyncio.Event,
        only: Collection[int] | None,
        clock: Callable[[], float],
        on_problem: Callable[[str], None],
    ) -> None:
        self.bleak = bleak
        self.on_row = on_row
        self.stop = stop
        self.only = only
        self.clock = clock
        self.on_problem = on_problem
        self.tasks: dict[int, asyncio.Task[None]] = {}
        self.rssi: dict[int, int] = {}
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    # --- what is heard --------------------------------------------------------------------------------------

    def advertised(self, device: Any, told: Any) -> None:
        """One advertisement, as bleak hands it over."""
        try:
            number = address_number(device.address)
        except BadInput:
            return
        rssi = told.rssi if isinstance(told.rssi, int) else 127
        self.rssi[number] = max(-128, min(127, rssi))
        data = told.manufacturer_data.get(uuids.KEISER)
        if data is not None:
            self._row(number, uuids.KEISER, COMPANY + bytes(data))
        offered = {service.lower() for service in told.service_uuids}
        if number in self.tasks or not any(long_uuid(service) in offered for service in uuids.SERVICES):
            return
        if self.only is None or number in self.only:
            self.tasks[number] = asyncio.get_running_loop().create_task(self._follow(number, device))

    def _row(self, number: int, uuid: int, payload: bytes) -> None:
        if not 0 < len(payload) <= LONGEST_PAYLOAD or self.failed.done():
            return
        try:
            self.on_row(BleRow(self.clock(), number, uuid, self.rssi.get(number, 127), payload))
        except Exception as problem:
            self.failed.set_exception(problem)

    # --- connections ----------------------------------------------------------------------------------------

    async def _follow(self, number: int, device: Any) -> None:
        """Stay connected to one device, however often it goes away."""
        attempt = 0
        while True:
            try:
                await self._connected(number, device)
                attempt = 0
            except (self.bleak.exc.BleakError, OSError, TimeoutError, EOFError) as problem:
                self.on_problem(f"{device.name or device.address}: {problem or type(problem).__name__}")
            await asyncio.sleep(RETRY_S[min(attempt, len(RETRY_S) - 1)])
            attempt += 1

    async def _connected(self, number: int, device: Any) -> None:
        gone = asyncio.Event()
        client = self.bleak.BleakClient(device, lambda _: gone.set(), timeout=CONNECT_S)
        async with client:
            found = {
                characteristic.uuid.lower()
                for service in client.services
                for characteristic in service.characteristics
            }
            for uuid in sorted(uuids.NOTIFYING):
                if long_uuid(uuid) in found:
                    await client.start_notify(long_uuid(uuid), self._notified(number, uuid))
            await gone.wait()

    def _notified(self, number: int, uuid: int) -> Callable[[Any, bytearray], None]:
        return lambda _, data: self._row(number, uuid, bytes(data))

    # --- the end --------------------------------------------------------------------------------------------

    async def until_stopped(self) -> None:
        """Wait for `stop` or for a callback that failed, whose exception is raised."""
        stopped = asyncio.ensure_future(self.stop.wait())
        try:
            await asyncio.wait((stopped, self.failed), return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
        if self.failed.done():
            self.failed.result()

    async def leave(self) -> None:
        """End every connection."""
        for task in self.tasks.values():
            task.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)
        self.failed.cancel()
