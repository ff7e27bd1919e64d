"""Virtual sticks behind the interface of pyusb, so that unmodified USB, node and channel code runs against
them.

Comes in: `VirtualStick` objects. Goes out: a pyusb backend that shows them as plugged-in ANT sticks. Leaves
to others: what a stick says (`stick.py`), and who listens (`radio.py`).
"""

from __future__ import annotations

import errno
import threading
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, Final

import usb.backend
import usb.backend.libusb1
import usb.core

from telemetry.ingest.antplus.stick import VirtualStick

VENDOR: Final = 0x0FCF
PACKET_BYTES: Final = 64
IN_ENDPOINT, OUT_ENDPOINT = 0x81, 0x01


class VirtualUsb(usb.backend.IBackend):  # type: ignore[misc]
    """What pyusb asks of a USB library, answered for virtual sticks.

    A stick that is out of its socket is not enumerated; its open handles fail as a real one's do.
    """

    def __init__(self, sticks: Sequence[VirtualStick]) -> None:
        super().__init__()
        self.sticks = tuple(sticks)
        self.reads = 0

    def enumerate_devices(self) -> Iterator[VirtualStick]:
        return (stick for stick in self.sticks if stick.plugged)

    def get_device_descriptor(self, dev: VirtualStick) -> SimpleNamespace:
        place = self.sticks.index(dev) + 1
        return SimpleNamespace(
            bLength=18, bDescriptorType=1, bcdUSB=0x200, bDeviceClass=0, bDeviceSubClass=0, bDeviceProtocol=0,
            bMaxPacketSize0=64, idVendor=VENDOR, idProduct=dev.product, bcdDevice=0x100, iManufacturer=0,
            iProduct=0, iSerialNumber=0, bNumConfigurations=1, address=place, bus=1, port_number=place,
            port_numbers=(place,), speed=2,
        )  # fmt: skip

    def get_configuration_descriptor(self, dev: VirtualStick, config: int) -> SimpleNamespace:
        if config:
            raise IndexError(config)
        return SimpleNamespace(
            bLength=9, bDescriptorType=2, wTotalLength=32, bNumInterfaces=1, bConfigurationValue=1,
            iConfiguration=0, bmAttributes=0x80, bMaxPower=50, extra_descriptors=b"",
        )  # fmt: skip

    def get_interface_descriptor(
        self, dev: VirtualStick, intf: int, alt: int, config: int
    ) -> SimpleNamespace:
        if intf or alt or config:
            raise IndexError(intf)
        return SimpleNamespace(
            bLength=9, bDescriptorType=4, bInterfaceNumber=0, bAlternateSetting=0, bNumEndpoints=2,
            bInterfaceClass=0xFF, bInterfaceSubClass=0, bInterfaceProtocol=0, iInterface=0,
            extra_descriptors=b"",
        )  # fmt: skip

    def get_endpoint_descriptor(
        self, dev: VirtualStick, ep: int, intf: int, alt: int, config: int
    ) -> SimpleNamespace:
        if ep > 1:
            raise IndexError(ep)
        return SimpleNamespace(
            bLength=7, bDescriptorType=5, bEndpointAddress=(IN_ENDPOINT, OUT_ENDPOINT)[ep], bmAttributes=2,
            wMaxPacketSize=PACKET_BYTES, bInterval=1, bRefresh=0, bSynchAddress=0, extra_descriptors=b"",
        )  # fmt: skip

    def open_device(self, dev: VirtualStick) -> VirtualStick:
        self._present(dev)
        return dev

    def close_device(self, dev_handle: VirtualStick) -> None:
        pass

    def set_configuration(self, dev_handle: VirtualStick, config_value: int) -> None:
        self._present(dev_handle)

    def get_configuration(self, dev_handle: VirtualStick) -> int:
        self._present(dev_handle)
        return 1

    def claim_interface(self, dev_handle: VirtualStick, intf: int) -> None:
        self._present(dev_handle)

    def release_interface(self, dev_handle: VirtualStick, intf: int) -> None:
        pass

    def reset_device(self, dev_handle: VirtualStick) -> None:
        self._present(dev_handle)

    def clear_halt(self, dev_handle: VirtualStick, ep: int) -> None:
        self._present(dev_handle)

    def is_kernel_driver_active(self, dev_handle: VirtualStick, intf: int) -> bool:
        self._present(dev_handle)
        return False

    def detach_kernel_driver(self, dev_handle: VirtualStick, intf: int) -> None:
        self._present(dev_handle)

    def attach_kernel_driver(self, dev_handle: VirtualStick, intf: int) -> None:
        self._present(dev_handle)

    def bulk_write(self, dev_handle: VirtualStick, ep: int, intf: int, data: Any, timeout: int) -> int:
        self._present(dev_handle)
        dev_handle.write(bytes(data))
        return len(data)

    def bulk_read(self, dev_handle: VirtualStick, ep: int, intf: int, buff: array[int], timeout: int) -> int:
        self.reads += 1
        self._present(dev_handle)
        data = dev_handle.read(min(len(buff), PACKET_BYTES), timeout / 1000.0)
        self._present(dev_handle)
        if not data:
            raise usb.core.USBTimeoutError("Operation timed out", -7, errno.ETIMEDOUT)
        buff[: len(data)] = array("B", data)
        return len(data)

    def _present(self, stick: VirtualStick) -> None:
        if not stick.plugged:
            raise usb.core.USBError("No such device (it may have been disconnected)", -4, errno.ENODEV)


_patching = threading.Lock()


@contextmanager
def plugged_in(*sticks: VirtualStick) -> Iterator[VirtualUsb]:
    """Within the block these sticks, and only these, are what pyusb finds."""
    backend = VirtualUsb(sticks)
    with _patching:
        before = usb.backend.libusb1.get_backend
        usb.backend.libusb1.get_backend = lambda find_library=None: backend
        try:
            yield backend
        finally:
            usb.backend.libusb1.get_backend = before
