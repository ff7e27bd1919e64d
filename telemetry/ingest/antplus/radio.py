"""The stick on the USB port, through openant: the only place that imports it.

Comes in: which stick. Goes out: frames with the host's monotonic time, put into a bounded queue by the
reader thread, and what happened to the stick. openant does USB and the channel commands; its reader thread
is replaced by one that resynchronises after damage, keeps repeated frames, notices an unplugged stick at
once and counts what it drops. Leaves to others: the file (`capture_file.py`), the process it lives in
(`capture.py`), meaning (`decoder.py`).
"""

from __future__ import annotations

import errno
import logging
import threading
import time
from array import array
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import usb.core
import usb.util
from openant.base.ant import Ant
from openant.base.driver import USBDriver
from openant.base.message import Message

from telemetry.errors import NoRadio
from telemetry.ingest.antplus import frames
from telemetry.ingest.antplus.frames import Frame, Framer

logging.getLogger("openant").setLevel(logging.CRITICAL)

VENDOR: Final = 0x0FCF
PRODUCTS: Final = (0x1008, 0x1009)
NETWORK_KEY: Final = [0xB9, 0xA5, 0x21, 0xFB, 0xBD, 0x72, 0xC3, 0x45]
"""The public key of the ANT+ network."""
RF_FREQUENCY: Final = 57
CHANNEL, NETWORK, RECEIVE_ONLY = 0, 0, 0x40
EXTENDED_ALL: Final = 0xE0
"""Channel id, signal strength and receive time with every message; makes repeats of a stopped bike unique."""

ANSWER_WITHIN_S: Final = 1.0
START_TRIES: Final = 3
LOOK_AGAIN_S: Final = 0.25
QUEUE_FRAMES: Final = 65536
OVERFLOW_EVENT: Final = 52

UDEV_RULE: Final = 'SUBSYSTEM=="usb", ATTRS{idVendor}=="0fcf", ATTRS{idProduct}=="100[89]", MODE="0666"'
UDEV_FILE: Final = "/etc/udev/rules.d/51-ant-stick.rules"

Received = tuple[float, int, int, bytes]
"""(host time [s], stick, message id, body)"""


@dataclass(frozen=True, slots=True)
class RadioEvent:
    """Something that happened to a stick."""

    time_s: float
    stick: int
    kind: str
    """started, unplugged, replugged, overflow, failed"""
    detail: str = ""


class FrameQueue:
    """A bounded queue between reader and writer; what does not fit is counted, never waited for."""

    def __init__(self, limit: int = QUEUE_FRAMES) -> None:
        self.limit = limit
        self.dropped = 0
        self.received = 0
        self._frames: deque[Received] = deque()

    def put(self, item: Received) -> None:
        """From the reader thread: constant time, no lock."""
        self.received += 1
        if len(self._frames) >= self.limit:
            self.dropped += 1
        else:
            self._frames.append(item)

    def take(self) -> list[Received]:
        """Everything that waits, in order."""
        return [self._frames.popleft() for _ in range(len(self._frames))]


def find_sticks() -> list[Any]:
    """The ANT sticks that are plugged in, in the order of their ports.

    Raises
    ------
    NoRadio : no USB library on this machine
    """
    try:
        found = [
            device
            for product in PRODUCTS
            for device in usb.core.find(find_all=True, idVendor=VENDOR, idProduct=product) or ()
        ]
    except usb.core.NoBackendError as cause:
        raise NoRadio(
            "there is no USB library",
            expected="libusb 1.0 (Debian and Ubuntu: apt install libusb-1.0-0; macOS: brew install libusb)",
        ) from cause
    return sorted(found, key=lambda device: (device.bus or 0, device.address or 0))


def why_not(device: Any) -> NoRadio | None:
    """Why a stick cannot be opened, and what to do about it; None where it can."""
    try:
        device.is_kernel_driver_active(0)
        device.get_active_configuration()
    except NotImplementedError:
        return None
    except usb.core.USBError as cause:
        return _explained(cause)
    finally:
        usb.util.dispose_resources(device)
    return None


class _ChosenStick(USBDriver):  # type: ignore[misc]
    """openant's USB driver for one device instead of the first that matches."""

    def __init__(self, device: Any) -> None:
        super().__init__()
        self._device = device

    def open(self) -> None:
        self.dev = self._device
        try:
            if self.dev.is_kernel_driver_active(0):
                self.dev.detach_kernel_driver(0)
        except NotImplementedError:
            pass  # Windows has no kernel driver to detach
        self.dev.set_configuration()
        with suppress(NotImplementedError):
            self.dev.reset()
        interface = self.dev.get_active_configuration()[(0, 0)]

        def endpoint(direction: int) -> Any:
            return usb.util.find_descriptor(
                interface, custom_match=lambda e: usb.util.endpoint_direction(e.bEndpointAddress) == direction
            )

        self._out, self._in = endpoint(usb.util.ENDPOINT_OUT), endpoint(usb.util.ENDPOINT_IN)

    def close(self) -> None:
        # it was pulled out: there is nothing left to give back
        with suppress(usb.core.USBError):
            super().close()


class _Reader(Ant):  # type: ignore[misc]
    """openant's command side with a reader that survives: framing, repeats, unplugging."""

    def __init__(
        self,
        driver: _ChosenStick,
        stick: int,
        queue: FrameQueue,
        note: Callable[[str, str], None],
        cancelled: threading.Event,
    ) -> None:
        # Not super().__init__: it takes the first stick it finds and starts the thread that must not run.
        self._driver = driver
        self._stick = stick
        self._queue = queue
        self._note = note
        self._running = True
        self._cancelled = cancelled
        self._framer = Framer()
        self._answers: deque[Frame] = deque(maxlen=64)
        self._answered = threading.Condition()
        self._message_queue_cond = threading.Condition()
        self._message_queue: deque[Message] = deque()
        self.gone = False
        self.overflows = 0
        driver.open()
        self._worker_thread = threading.Thread(target=self._worker, name=f"ant-reader-{stick}", daemon=True)
        self._worker_thread.start()

    @property
    def damaged(self) -> int:
        """Frames whose checksum was wrong."""
        return self._framer.bad_checksums

    def _worker(self) -> None:
        put, feed, clock, stick = self._queue.put, self._framer.feed, time.monotonic, self._stick
        while self._running:
            try:
                data = self._driver.read()
            except usb.core.USBTimeoutError:
                continue
            except usb.core.USBError as cause:
                if cause.errno in (errno.EPIPE, errno.EOVERFLOW, errno.EIO) and self._retry():
                    continue
                self.gone = True
                return
            now = clock()
            for frame in feed(bytes(data)):
                if frame.id in frames.DATA_MESSAGES or frame.id == frames.BURST:
                    put((now, stick, frame.id, frame.body))
                else:
                    self._answer(frame)

    def _retry(self) -> bool:
        """A stalled endpoint may be cleared; a missing device may not."""
        try:
            self._driver._in.clear_halt()
        except usb.core.USBError:
            return False
        return True

    def _answer(self, frame: Frame) -> None:
        if frame.id == frames.CHANNEL_EVENT and len(frame.body) >= 3 and frame.body[1] == 1:
            if frame.body[2] == OVERFLOW_EVENT:
                self.overflows += 1
                self._note("overflow", "the stick's memory was full")
            return
        with self._answered:
            self._answers.append(frame)
            self._answered.notify_all()

    def ask(self, send: Callable[[], None], wanted: Callable[[Frame], bool]) -> Frame | None:
        """Send a command and wait for its answer; None where none came in time."""
        with self._answered:
            self._answers.clear()
        send()
        deadline = time.monotonic() + ANSWER_WITHIN_S
        with self._answered:
            while True:
                for frame in self._answers:
                    if wanted(frame):
                        return frame
                left = deadline - time.monotonic()
                if left <= 0 or self.gone or self._cancelled.is_set():
                    return None
                self._answered.wait(min(left, 0.1))

    def command(self, message_id: int, body: list[int]) -> int | None:
        """A configuration command; its response code, None where no response came."""
        answer = self.ask(
            lambda: self.write_message(Message(message_id, array("B", body))),
            lambda frame: (
                frame.id == frames.CHANNEL_EVENT and len(frame.body) >= 3 and frame.body[1] == message_id
            ),
        )
        return None if answer is None else answer.body[2]

    def scan(self) -> None:
        """Reset the stick and open one continuous scan for every ANT+ sensor in the room.

        Raises
        ------
        NoRadio : the stick does not answer, or refuses a command
        """
        started = self.ask(
            lambda: self.write_message(Message(Message.ID.RESET_SYSTEM, array("B", [0]))),
            lambda frame: frame.id == frames.STARTUP,
        )
        if started is None:
            raise NoRadio("the ANT stick does not answer", expected="its start-up message within a second")
        identity = Message.ID
        for name, message_id, body in (
            ("network key", identity.SET_NETWORK_KEY, [NETWORK, *NETWORK_KEY]),
            ("assign", identity.ASSIGN_CHANNEL, [CHANNEL, RECEIVE_ONLY, NETWORK]),
            ("channel id", identity.SET_CHANNEL_ID, [CHANNEL, 0, 0, 0, 0]),
            ("frequency", identity.SET_CHANNEL_RF_FREQ, [CHANNEL, RF_FREQUENCY]),
        ):
            self._expect(name, self.command(message_id, body))
        if self.command(identity.LIB_CONFIG, [0, EXTENDED_ALL]) != 0:
            self._expect("extended messages", self.command(identity.ENABLE_EXT_RX_MESGS, [0, 1]))
        self._expect("scan", self.command(identity.OPEN_RX_SCAN_MODE, [CHANNEL, 0]))

    def _expect(self, name: str, code: int | None) -> None:
        if code != 0:
            raise NoRadio(
                f"the ANT stick refused a command ({name})",
                expected="response 0",
                got="no response" if code is None else f"code {code}",
            )

    def cancel(self) -> None:
        """Let the reader end with the read that is under way."""
        self._running = False

    def stop(self) -> None:
        """End the reader and give the stick back, plugged in or not."""
        self.cancel()
        self._worker_thread.join(timeout=1.5)
        self._driver.close()


class Radio:
    """One stick, kept listening: started with retries, reopened after it was pulled out and put back.

    Parameters
    ----------
    queue : where frames go
    stick : which of the plugged-in sticks, counted from 0
    on_event : called from the supervising thread; must return quickly
    """

    def __init__(
        self, queue: FrameQueue, stick: int = 0, on_event: Callable[[RadioEvent], None] = lambda _: None
    ) -> None:
        self.queue = queue
        self.stick = stick
        self._on_event = on_event
        self._reader: _Reader | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._damaged_before = 0
        self._overflows_before = 0
        self._port: tuple[int, ...] | None = None

    @property
    def damaged(self) -> int:
        """Frames with a wrong checksum since the start."""
        return self._damaged_before + (self._reader.damaged if self._reader else 0)

    @property
    def overflows(self) -> int:
        """How often the stick said that its memory was full."""
        return self._overflows_before + (self._reader.overflows if self._reader else 0)

    def start(self) -> None:
        """Open the stick and listen.

        Raises
        ------
        NoRadio : no stick, no driver, no permission, or no answer after three tries
        """
        self._reader = self._open()
        self._tell("started")
        self._thread = threading.Thread(target=self._supervise, name=f"ant-radio-{self.stick}", daemon=True)
        self._thread.start()

    def cancel(self) -> None:
        """Begin to stop: several sticks end together, not one after the other."""
        self._stop.set()
        if self._reader is not None:
            self._reader.cancel()

    def stop(self) -> None:
        """Stop listening; within two seconds nothing of it is left."""
        self.cancel()
        if self._thread is not None:
            self._thread.join(timeout=2.0)
        if self._reader is not None:
            self._reader.stop()
        _held.pop(id(self), None)

    def _choose(self) -> Any:
        """The stick to open: the one asked for, and later the same socket before any that is free.

        Numbers change when a stick is pulled out; a stick that another radio listens with is never taken.
        """
        others = {place for owner, place in _held.items() if owner != id(self)}
        sticks = find_sticks()
        free = [device for device in sticks if _place(device) not in others]
        if self._port is None:
            wanted = sticks[self.stick] if self.stick < len(sticks) else None
            chosen = wanted if wanted in free else None
        else:
            same = [device for device in free if _port(device) == self._port]
            chosen = (same or free or [None])[0]
        if chosen is None:
            raise NoRadio(
                f"there is no ANT stick number {self.stick + 1}" if sticks else "no ANT stick is plugged in",
                expected="a USB stick 0fcf:1008 or 0fcf:1009 (without one: telemetry capture --virtual 10)",
                got=f"{len(sticks)} plugged in" if sticks else None,
            )
        return chosen

    def _open(self) -> _Reader:
        with _opening:
            device = self._choose()
            _held[id(self)] = _place(device)
        self._port = _port(device)
        last: NoRadio | None = None
        for _ in range(START_TRIES):
            if self._stop.is_set():
                break
            reader: _Reader | None = None
            try:
                reader = _Reader(_ChosenStick(device), self.stick, self.queue, self._tell, self._stop)
                reader.scan()
                return reader
            except usb.core.USBError as cause:
                last = _explained(cause)
                last.__cause__ = cause
            except NoRadio as cause:
                last = cause
            if reader is not None:
                reader.stop()
        _held.pop(id(self), None)
        raise last or NoRadio("stopped while the ANT stick was starting")

    def _supervise(self) -> None:
        while not self._stop.wait(0.05):
            reader = self._reader
            if reader is not None and reader.gone:
                self._tell("unplugged")
                self._damaged_before += reader.damaged
                self._overflows_before += reader.overflows
                self._reader = None
                _held.pop(id(self), None)
                reader.stop()
            if self._reader is None and not self._stop.is_set():
                try:
                    self._reader = self._open()
                except (NoRadio, usb.core.USBError):
                    self._stop.wait(LOOK_AGAIN_S)
                else:
                    self._tell("replugged")

    def _tell(self, kind: str, detail: str = "") -> None:
        # whoever listens may fail; the reader must go on
        with suppress(Exception):
            self._on_event(RadioEvent(time.monotonic(), self.stick, kind, detail))


_held: dict[int, tuple[int, int]] = {}
"""Which radio of this process has which stick: bus and address."""
_opening = threading.Lock()


def _place(device: Any) -> tuple[int, int]:
    return device.bus or 0, device.address or 0


def _port(device: Any) -> tuple[int, ...]:
    """The socket, which stays where the address changes."""
    return (device.bus or 0, *(device.port_numbers or ()))


def _explained(cause: Any) -> NoRadio:
    if cause.errno == errno.EACCES:
        return NoRadio(
            "no permission to open the ANT stick",
            expected=f"the line {UDEV_RULE} in {UDEV_FILE}, then sudo udevadm control --reload and replug it",
        )
    if cause.errno == errno.EBUSY:
        return NoRadio("the ANT stick is in use by another program", expected="that program closed")
    return NoRadio(f"the ANT stick cannot be opened: {cause.strerror or cause}")
