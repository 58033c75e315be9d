"""Devices are checked without torch: what is surely wrong is refused, what may be there is left to torch."""

import subprocess
import sys

import pytest

import yofo_rerank.devices as devices
from yofo_rerank.errors import ConfigError


@pytest.mark.parametrize("name", [None, "auto", "cpu", "cpu:0"])
def test_always_there(name):
    devices.check_device(name)


@pytest.mark.parametrize("name", ["gpu", "CUDA", "cuda:", "cuda:x", "cuda:-1", "", " cpu", "cpu\n", "tpu"])
def test_no_device(name):
    with pytest.raises(ConfigError, match="wanted cpu, cuda, cuda:1 or mps, but got"):
        devices.check_device(name)


@pytest.mark.parametrize(
    ("platform", "driver", "name", "is_there"),
    [
        ("linux", True, "cuda:1", True),
        ("linux", False, "cuda", False),
        ("linux", True, "mps", False),
        ("win32", False, "cuda", True),  # not looked for
        ("darwin", False, "mps", True),
        ("darwin", False, "cuda", False),
    ],
)
def test_machines(monkeypatch, tmp_path, platform, driver, name, is_there):
    if driver:
        (tmp_path / "nvidiactl").touch()
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(devices, "_GPU_DRIVERS", (str(tmp_path / "nvidiactl"),))
    if is_there:
        devices.check_device(name)
    else:
        with pytest.raises(ConfigError, match="device: got"):
            devices.check_device(name)


def test_torch_stays_out():
    code = "import sys, yofo_rerank.devices as devices; devices.check_device('cpu'); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
