"""What the kernel writes, read from recorded texts."""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from pathlib import Path

import pytest

from diagnostics.runtime import host
from diagnostics.system_monitor.probes.notes import Notes
from diagnostics.system_monitor.probes.process import cgroup_readings, environment_digest

TCP = """  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000007 00:00000000 00000000     0        0 4711 1 0000 100 0 0 10 0
   1: 0100007F:C350 0200000A:1538 08 00000000:00000000 00:00000000 00000000     0        0 4712 1 0000 20 4 30 10 -1
"""


def test_a_listening_socket_says_how_many_wait() -> None:
    listening, other = host.parse_tcp(TCP)

    assert (listening.state, listening.local_port, listening.waiting, listening.inode) == (
        "LISTEN",
        8080,
        7,
        4711,
    )
    assert (other.state, other.remote_host, other.remote_port) == ("CLOSE_WAIT", "10.0.0.2", 5432)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("0100007F", "127.0.0.1"),
        ("0000000000000000FFFF00000100007F", "127.0.0.1"),
        ("00000000000000000000000001000000", "::1"),
        ("B80D0120000000000000000001000000", "2001:db8::1"),
    ],
)
def test_addresses_are_read_in_host_order(words: str, text: str) -> None:
    assert host.address(words) == text


def test_a_command_may_hold_brackets_and_blanks() -> None:
    line = "42 (a) b (c) R 1 42 42 0 -1 0 0 0 0 0 150 50 0 0 20 0 7 0 9000 1000 250 18446744073709551615 0"

    stat = host.parse_process_stat(line)

    assert (stat.pid, stat.command, stat.state, stat.parent) == (42, "a) b (c", "R", 1)
    assert (stat.ticks, stat.threads, stat.start_ticks, stat.rss_pages) == (200, 7, 9000, 250)


def test_cpu_times_leave_idle_and_waiting_out_of_busy() -> None:
    times = host.parse_cpu_times("cpu  10 1 5 100 20 2 3 4 0 0\nprocs_running 3\nbtime 1700000000\n")

    assert (times.busy, times.iowait, times.steal, times.total) == (21, 20, 4, 145)
    assert (times.runnable, times.boot_time) == (3, 1700000000)


def test_pressure_is_read_in_seconds() -> None:
    text = "some avg10=0.00 avg60=0.00 avg300=0.00 total=2500000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"

    assert host.parse_pressure(text) == {"some": 2.5, "full": 0.0}
    assert host.parse_pressure("") == {}


def test_network_counters_come_in_pairs_of_lines() -> None:
    text = "Tcp: InSegs RetransSegs\nTcp: 10 3\nTcpExt: ListenOverflows ListenDrops\nTcpExt: 7 9\n"

    assert host.parse_network_counters(text)["Tcp.RetransSegs"] == 3
    assert host.parse_network_counters(text)["TcpExt.ListenOverflows"] == 7


def test_the_longest_mount_above_a_path_holds_it() -> None:
    text = (
        "1 0 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n"
        "2 1 8:2 / /var rw,relatime - ext4 /dev/sda2 rw\n"
        "3 2 8:3 / /var/lib\\040x ro,relatime shared:1 - ext4 /dev/sda3 rw\n"
    )
    mounts = host.parse_mounts(text)

    assert host.mount_of("/var/log/x", mounts).point == "/var"
    assert host.mount_of("/variable", mounts).point == "/"
    assert host.mount_of("/var/lib x/y", mounts).read_only


def test_a_family_is_a_process_and_all_below_it() -> None:
    def stat(pid: int, parent: int) -> host.ProcessStat:
        return host.parse_process_stat(f"{pid} (x) S {parent} " + "0 " * 30)

    everybody = {pid: stat(pid, parent) for pid, parent in [(1, 0), (5, 1), (6, 5), (7, 6), (8, 1)]}

    assert [member.pid for member in host.family(5, everybody)] == [5, 6, 7]
    assert host.family(99, everybody) == []


def test_a_group_of_version_2_is_read(tmp_path: Path) -> None:
    group = tmp_path / "app"
    group.mkdir()
    (tmp_path / "cgroup.controllers").write_text("cpu memory pids")
    (group / "cpu.max").write_text("50000 100000\n")
    (group / "cpu.stat").write_text("nr_periods 100\nnr_throttled 40\n")
    (group / "memory.current").write_text("900\n")
    (group / "memory.stat").write_text("anon 500\ninactive_file 100\n")
    (group / "memory.max").write_text("1000\n")
    (group / "memory.events").write_text("oom 2\noom_kill 1\n")
    (group / "pids.current").write_text("9\n")
    (group / "pids.max").write_text("max\n")

    found = host.cgroup(1, tmp_path, "0::/app\n")

    assert (found.periods, found.throttled_periods) == (100, 40)
    assert (found.memory_used, found.memory_limit, found.oom_kills) == (800, 1000, 1)
    assert found.pids_limit is None


def test_a_group_of_version_1_is_read(tmp_path: Path) -> None:
    for controller in ("cpu", "memory", "pids"):
        (tmp_path / controller).mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text("50000\n")
    (tmp_path / "cpu" / "cpu.stat").write_text("nr_periods 10\nnr_throttled 5\n")
    (tmp_path / "memory" / "memory.usage_in_bytes").write_text("700\n")
    (tmp_path / "memory" / "memory.limit_in_bytes").write_text("9223372036854771712\n")
    (tmp_path / "pids" / "pids.current").write_text("9\n")
    (tmp_path / "pids" / "pids.max").write_text("90\n")

    found = host.cgroup(1, tmp_path, "4:memory:/elsewhere\n3:cpu,cpuacct:/\n2:pids:/\n")

    assert (found.periods, found.throttled_periods) == (10, 5)
    assert found.memory_limit is None
    assert (found.pids_used, found.pids_limit) == (9, 90)


def test_the_throttled_share_is_that_of_the_window() -> None:
    before = host.Cgroup(periods=100, throttled_periods=90)
    after = host.Cgroup(periods=120, throttled_periods=95, memory_used=900, memory_limit=1000)

    seen = {r.name: r.value for r in cgroup_readings(before, after, Notes(datetime.now(UTC)))}

    assert seen == {"cgroup.cpu.throttled_ratio": 0.25, "cgroup.memory.used_ratio": 0.9}


def test_a_digest_shows_a_change_and_nothing_else() -> None:
    one = environment_digest("TOKEN", "secret-1", b"key")

    assert one == environment_digest("TOKEN", "secret-1", b"key")
    assert one != environment_digest("TOKEN", "secret-2", b"key")
    assert one != environment_digest("TOKEN", "secret-1", b"other machine")
    assert len(one) == 8


def test_disks_are_counted_with_the_time_that_requests_took() -> None:
    text = "   8 0 sda 10 0 80 50 20 0 160 100 0 90 150\n   7 0 loop0 9 0 9 9 9 0 9 9 0 9 9\n 8 16 sdb 0 0 0 0 0 0 0 0 0 0 0\n"

    found = host.parse_disk_counters(text)

    assert found == {"sda": host.DiskCounters(requests=30, waited=0.15, busy=0.09)}


def test_the_kernel_says_whether_its_clock_is_steered() -> None:
    def timex(most_error: int, status: int) -> bytes:
        return struct.pack("=iiqqqqi", 0, 0, 5, 6, most_error, 7, status) + bytes(200)

    assert host.parse_clock_state(timex(16_000_000, 0x40)) == host.ClockState(synchronized=False, most_error=16.0)
    assert host.parse_clock_state(timex(2_500, 0x2001)) == host.ClockState(synchronized=True, most_error=0.0025)


def test_asking_for_the_clock_changes_nothing_and_works_or_says_none() -> None:
    found = host.clock_state()

    assert found is None or found.most_error >= 0
