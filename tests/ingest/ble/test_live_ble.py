"""Listening to Bluetooth without an adapter: a fake bleak plays bikes from bytes."""

from __future__ import annotations

import asyncio
import builtins
import sys
from collections.abc import Callable, Coroutine
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from telemetry.errors import NoRadio
from telemetry.ingest.antplus.capture_read import BleRow
from telemetry.ingest.ble import address_number, uuids
from telemetry.ingest.ble import live as live_side
from telemetry.ingest.ble.decoder import decode_ble
from telemetry.ingest.ble.live import INSTALL, listen, long_uuid

BIKE, OTHER, KEISER = "C0:FF:EE:00:00:01", "C0:FF:EE:00:00:02", "C0:FF:EE:00:00:03"
IC4 = bytes.fromhex("4400 d204 b500 c900")
M3 = bytes.fromhex("06 30 00 0b 3703 8205 d700 7800 0c 22 2000 0e")


class BleakError(Exception):
    """As bleak's."""


class Bluetooth(ModuleType):
    """A room of Bluetooth devices with bleak's names: what is advertised, who answers, what happened."""

    def __init__(self) -> None:
        super().__init__("bleak")
        self.exc = SimpleNamespace(BleakError=BleakError)
        self.scanner: Any = None
        self.clients: list[Any] = []
        self.refuse = 0
        self.no_adapter = False
        room = self

        class BleakScanner:
            def __init__(self, callback: Callable[..., None], **options: Any) -> None:
                self.callback, self.options, self.running = callback, options, False
                room.scanner = self

            async def start(self) -> None:
                if room.no_adapter:
                    raise BleakError("No Bluetooth adapters found.")
                self.running = True

            async def stop(self) -> None:
                self.running = False

        class BleakClient:
            def __init__(self, device: Any, gone: Callable[[Any], None], timeout: float) -> None:
                self.device, self.gone, self.connected = device, gone, False
                self.heard: dict[str, Callable[..., None]] = {}
                self.services = [
                    SimpleNamespace(characteristics=[SimpleNamespace(uuid=uuid) for uuid in device.offers])
                ]
                room.clients.append(self)

            async def __aenter__(self) -> Any:
                if room.refuse:
                    room.refuse -= 1
                    raise BleakError("did not answer")
                self.connected = True
                return self

            async def __aexit__(self, *_: object) -> None:
                self.connected = False

            async def start_notify(self, uuid: str, callback: Callable[..., None]) -> None:
                self.heard[uuid] = callback

        self.BleakScanner, self.BleakClient = BleakScanner, BleakClient

    def advertise(self, address: str, service: int | None = None, keiser: bytes | None = None) -> None:
        offers = [long_uuid(uuids.SERVICES[service]).upper(), long_uuid(0x2A00)] if service else []
        told = SimpleNamespace(
            rssi=-63,
            manufacturer_data={} if keiser is None else {uuids.KEISER: keiser},
            service_uuids=[long_uuid(service)] if service else [],
        )
        self.scanner.callback(SimpleNamespace(address=address, name="bike", offers=offers), told)


@pytest.fixture
def bluetooth(monkeypatch: pytest.MonkeyPatch) -> Bluetooth:
    fake = Bluetooth()
    monkeypatch.setitem(sys.modules, "bleak", fake)
    monkeypatch.setitem(sys.modules, "bleak.exc", ModuleType("bleak.exc"))
    monkeypatch.setattr(live_side, "RETRY_S", (0.0,))
    return fake


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def heard(
    play: Callable[[list[BleRow]], Coroutine[Any, Any, None]], **options: Any
) -> tuple[list[BleRow], list[str]]:
    """What came out while a story was played."""
    rows: list[BleRow] = []
    problems: list[str] = []

    async def story() -> None:
        stop = asyncio.Event()
        ticks = iter(range(10**6))
        listening = asyncio.ensure_future(
            listen(
                options.pop("on_row", rows.append), stop=stop, clock=lambda: float(next(ticks)),
                on_problem=problems.append, **options,
            )
        )  # fmt: skip
        await settle()
        if not listening.done():
            await play(rows)
        stop.set()
        await listening

    asyncio.run(story())
    return rows, problems


def test_a_keiser_bike_is_heard_without_being_connected_to(bluetooth: Bluetooth) -> None:
    async def play(rows: list[BleRow]) -> None:
        for _ in range(3):
            bluetooth.advertise(KEISER, keiser=M3)

    rows, _ = heard(play)
    number = address_number(KEISER)
    assert rows == [BleRow(float(t), number, uuids.KEISER, -63, b"\x02\x01" + M3) for t in range(3)]
    assert not bluetooth.clients
    assert bluetooth.scanner.options == {
        "scanning_mode": "active", "bluez": {"filters": {"DuplicateData": True}},
    }  # fmt: skip
    assert not bluetooth.scanner.running
    (frame,) = decode_ble(rows).values()
    assert frame["power_w"].to_list() == [215.0] * 3


def test_a_bike_is_connected_to_once_and_its_notifications_become_rows(bluetooth: Bluetooth) -> None:
    async def play(rows: list[BleRow]) -> None:
        bluetooth.advertise(BIKE, 0x1826)
        bluetooth.advertise(BIKE, 0x1826)
        await settle()
        (client,) = bluetooth.clients
        assert set(client.heard) == {long_uuid(uuids.INDOOR_BIKE)}
        client.heard[long_uuid(uuids.INDOOR_BIKE)](None, bytearray(IC4))
        client.heard[long_uuid(uuids.INDOOR_BIKE)](None, bytearray())

    rows, _ = heard(play)
    assert rows == [BleRow(0.0, address_number(BIKE), uuids.INDOOR_BIKE, -63, IC4)]
    assert not bluetooth.clients[0].connected


def test_a_bike_that_goes_away_or_does_not_answer_is_tried_again(bluetooth: Bluetooth) -> None:
    bluetooth.refuse = 2

    async def play(rows: list[BleRow]) -> None:
        bluetooth.advertise(BIKE, 0x1818)
        await settle()
        assert len(bluetooth.clients) == 3
        bluetooth.clients[-1].gone(None)
        await settle()
        assert bluetooth.clients[-1].connected
        assert len(bluetooth.clients) == 4

    _, problems = heard(play)
    assert problems == ["bike: did not answer"] * 2


def test_strangers_are_not_connected_to(bluetooth: Bluetooth) -> None:
    async def play(rows: list[BleRow]) -> None:
        bluetooth.advertise(OTHER, 0x180D)
        bluetooth.advertise(BIKE, 0x1816)
        bluetooth.advertise("no address", 0x1816)
        await settle()

    heard(play, only={address_number(BIKE)})
    assert [client.device.address for client in bluetooth.clients] == [BIKE]


def test_a_callback_that_raises_ends_the_listening_with_its_own_error(bluetooth: Bluetooth) -> None:
    def full(row: BleRow) -> None:
        raise RuntimeError("disk full")

    async def play(rows: list[BleRow]) -> None:
        bluetooth.advertise(KEISER, keiser=M3)
        bluetooth.advertise(KEISER, keiser=M3)
        await settle()

    with pytest.raises(RuntimeError, match="disk full"):
        heard(play, on_row=full)
    assert not bluetooth.scanner.running


def test_no_adapter_is_a_sentence(bluetooth: Bluetooth) -> None:
    bluetooth.no_adapter = True

    async def play(rows: list[BleRow]) -> None:
        raise AssertionError("nothing to play")

    with pytest.raises(NoRadio, match="No Bluetooth adapters"):
        heard(play)


def test_without_bleak_the_error_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("bleak"):
            raise ModuleNotFoundError(name)
        return real(name, *rest, **more)

    monkeypatch.delitem(sys.modules, "bleak", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(NoRadio) as caught:
        asyncio.run(listen(lambda row: None, stop=asyncio.Event()))
    assert INSTALL in str(caught.value)
    assert INSTALL == "pip install smartbike-telemetry[ble]"


def test_the_real_bleak_has_what_is_used_of_it() -> None:
    bleak = pytest.importorskip("bleak", reason="the optional extra [ble] is not installed")
    import inspect

    scanner = inspect.signature(bleak.BleakScanner.__init__).parameters
    client = inspect.signature(bleak.BleakClient.__init__).parameters
    assert {"detection_callback", "scanning_mode", "bluez"} <= set(scanner)
    assert {"disconnected_callback", "timeout"} <= set(client)
    assert issubclass(bleak.exc.BleakError, Exception)
