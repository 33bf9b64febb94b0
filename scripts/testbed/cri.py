"""A small CRI client: one method a call, plain Python values in and out."""

import os

# grpc's own fork handlers are of no use here and print warnings when a child is started.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
import grpc  # noqa: E402

from . import build  # noqa: E402

NODE = 2
EXITED = 2
RUNNING = 1
CALL_TIMEOUT_S = 120


class CriError(RuntimeError):
    """A CRI call that containerd refused, with containerd's own words."""


class Cri:
    """The RuntimeService behind one UNIX socket."""

    def __init__(self, socket_path: str, api: str = "runtime.v1"):
        self.messages = build.cri_messages()
        self._api = api
        unlimited = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
        self._channel = grpc.insecure_channel(f"unix://{socket_path}", options=unlimited)

    def close(self) -> None:
        """Closes the connection."""
        self._channel.close()

    def call(self, method: str, deadline_s: float = CALL_TIMEOUT_S, **fields):
        """Calls a method of the RuntimeService; fields are those of its request message."""
        request = getattr(self.messages, method + "Request")(**fields)
        reply = getattr(self.messages, method + "Response")
        stub = self._channel.unary_unary(f"/{self._api}.RuntimeService/{method}",
                                         request_serializer=type(request).SerializeToString,
                                         response_deserializer=reply.FromString)
        try:
            return stub(request, timeout=deadline_s)
        except grpc.RpcError as error:
            raise CriError(f"{method}: {error.details()}") from error

    def version(self, deadline_s: float = CALL_TIMEOUT_S) -> str:
        """The runtime's version."""
        return self.call("Version", deadline_s=deadline_s).runtime_version

    def run_pod_sandbox(self, config) -> str:
        """Starts a pod; returns its id."""
        return self.call("RunPodSandbox", config=config).pod_sandbox_id

    def stop_pod_sandbox(self, sandbox: str) -> None:
        """Stops a pod with all its containers."""
        self.call("StopPodSandbox", pod_sandbox_id=sandbox)

    def remove_pod_sandbox(self, sandbox: str) -> None:
        """Removes a pod with all its containers."""
        self.call("RemovePodSandbox", pod_sandbox_id=sandbox)

    def list_pod_sandboxes(self) -> list[str]:
        """The ids of all pods."""
        return [item.id for item in self.call("ListPodSandbox").items]

    def create_container(self, sandbox: str, config, sandbox_config) -> str:
        """Creates a container in a pod; returns its id."""
        return self.call("CreateContainer", pod_sandbox_id=sandbox, config=config,
                         sandbox_config=sandbox_config).container_id

    def start_container(self, container: str) -> None:
        """Starts a created container."""
        self.call("StartContainer", container_id=container)

    def stop_container(self, container: str, grace_s: int = 0) -> None:
        """Stops a container: SIGTERM, and SIGKILL after the grace time."""
        self.call("StopContainer", container_id=container, timeout=grace_s)

    def remove_container(self, container: str) -> None:
        """Removes a container."""
        self.call("RemoveContainer", container_id=container)

    def container_status(self, container: str):
        """The container's ContainerStatus message."""
        return self.call("ContainerStatus", container_id=container).status

    def list_containers(self, sandbox: str = "") -> list:
        """Container messages, of one pod or of all."""
        fields = {}
        if sandbox:
            fields["filter"] = self.messages.ContainerFilter(pod_sandbox_id=sandbox)
        return list(self.call("ListContainers", **fields).containers)

    def exec_sync(self, container: str, command: list[str], timeout_s: int = 0):
        """Runs a command in a container; returns its ExecSyncResponse message."""
        return self.call("ExecSync", container_id=container, cmd=command, timeout=timeout_s)

    def reopen_container_log(self, container: str) -> None:
        """Makes containerd open the container's log file anew, as after a rotation."""
        self.call("ReopenContainerLog", container_id=container)

    def container_stats(self, container: str):
        """The container's ContainerStats message."""
        return self.call("ContainerStats", container_id=container).stats
