"""Containers that live for a tenth of a second, one after the other, as fast as it goes."""

import threading
from dataclasses import dataclass

from .containerd import Containerd
from .workload import Container, Pod

LIFE_MS = 100


@dataclass(frozen=True)
class Brief:
    """A short-lived container that was: its names and what it wrote."""

    id: str
    name: str
    pod: str
    sandbox: str
    bytes: int


def _one(pod: Pod, name: str, lines: int) -> Brief:
    command = ["/bin/loggen", "--lines", str(lines), "--line-size", "100", "--batch", "7",
               "--linger-ms", str(LIFE_MS), "--report", "/report/report.json"]
    container: Container = pod.container(name, command)
    container.start()
    report = container.report()
    container.wait_exit()
    container.pod.cri.remove_container(container.id)
    pod.containers.remove(container)
    return Brief(container.id, name, pod.name, pod.id, report["stdout"]["bytes"])


def run(daemon: Containerd, count: int, pods: int = 4, prefix: str = "churn") -> list[Brief]:
    """Creates, runs and deletes count containers in several pods at a time.

    A quarter of them get a pod, and so a shim, of their own; the others share long-lived pods.
    """
    done: list[Brief] = []
    failures: list[BaseException] = []
    lock = threading.Lock()
    numbers = iter(range(count))

    def worker(which: int) -> None:
        shared = Pod(daemon, f"{prefix}-shared-{which}")
        try:
            while not failures:
                with lock:
                    number = next(numbers, None)
                if number is None:
                    break
                if number % 4 == 0:
                    own = Pod(daemon, f"{prefix}-own-{number}")
                    try:
                        brief = _one(own, f"c{number}", 11 + number)
                    finally:
                        own.remove()
                else:
                    brief = _one(shared, f"c{number}", 11 + number)
                with lock:
                    done.append(brief)
        except BaseException as error:  # pylint: disable=broad-exception-caught
            failures.append(error)
        finally:
            shared.remove()

    threads = [threading.Thread(target=worker, args=(which,)) for which in range(pods)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return done
