"""The one image that every workload runs: a static busybox and the log generator."""

import gzip
import hashlib
import io
import json
import os
import platform
import shutil
import tarfile
import tempfile
from pathlib import Path

from . import build, paths

NAME = "docker.io/local/bb:1"
BUSYBOX_LINKS = ("sh", "sleep", "cat", "dd", "true", "kill", "ls", "ps")


def _architecture() -> str:
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


def _busybox() -> Path:
    for place in ("/bin/busybox", "/usr/bin/busybox"):
        if Path(place).exists():
            return Path(place)
    raise FileNotFoundError("busybox: not there (Debian package busybox-static)")


def _layer() -> bytes:
    """The only layer, as an uncompressed tar; the same input gives the same bytes."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in ("bin", "etc", "proc", "sys", "dev", "tmp", "run", "report"):
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
        for source, name in ((_busybox(), "bin/busybox"), (build.generator("loggen"), "bin/loggen"),
                             (build.generator("iocalls"), "bin/iocalls")):
            data = source.read_bytes()
            entry = tarfile.TarInfo(name)
            entry.mode, entry.size = 0o755, len(data)
            tar.addfile(entry, io.BytesIO(data))
        for link in BUSYBOX_LINKS:
            entry = tarfile.TarInfo(f"bin/{link}")
            entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(entry)
        passwd = b"root:x:0:0:root:/:/bin/sh\n"
        entry = tarfile.TarInfo("etc/passwd")
        entry.mode, entry.size = 0o644, len(passwd)
        tar.addfile(entry, io.BytesIO(passwd))
    return out.getvalue()


def _write_layout(into: Path) -> None:
    """An OCI image layout."""
    blobs = into / "blobs/sha256"
    blobs.mkdir(parents=True)

    def blob(data: bytes, media_type: str) -> dict:
        digest = hashlib.sha256(data).hexdigest()
        (blobs / digest).write_bytes(data)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(data)}

    layer = _layer()
    layer_blob = blob(gzip.compress(layer, 1, mtime=0), "application/vnd.oci.image.layer.v1.tar+gzip")
    config = {
        "architecture": _architecture(), "os": "linux",
        # The image serves as the pod's sandbox, too, which only has to stay.
        "config": {"Env": ["PATH=/bin"], "Cmd": ["/bin/loggen", "--hold-file", "/never"]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
    }
    config_blob = blob(json.dumps(config).encode(), "application/vnd.oci.image.config.v1+json")
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": config_blob, "layers": [layer_blob]}
    manifest_blob = blob(json.dumps(manifest).encode(), "application/vnd.oci.image.manifest.v1+json")
    manifest_blob["platform"] = {"architecture": _architecture(), "os": "linux"}
    manifest_blob["annotations"] = {"io.containerd.image.name": NAME, "org.opencontainers.image.ref.name": NAME}
    (into / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [manifest_blob]}))
    (into / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')


def archive() -> Path:
    """The image as a tar that ctr can import; made anew when its programs changed."""
    target = paths.build_dir() / "image.tar"
    if paths.is_prebuilt():
        return target
    newest = max(path.stat().st_mtime for path in (build.generator("loggen"), build.generator("iocalls"),
                                                   _busybox(), Path(__file__)))
    if target.exists() and target.stat().st_mtime >= newest:
        return target
    with tempfile.TemporaryDirectory(dir=target.parent) as tmp:
        layout = Path(tmp) / "layout"
        _write_layout(layout)
        produced = Path(tmp) / "image.tar"
        with tarfile.open(produced, "w") as tar:
            for name in sorted(os.listdir(layout)):
                tar.add(layout / name, arcname=name)
        shutil.rmtree(layout)
        os.replace(produced, target)
    return target
