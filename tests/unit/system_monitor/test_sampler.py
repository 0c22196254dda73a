"""Samples from recorded texts of the kernel, and what a control group allows."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from diagnostics.errors import ConfigurationError
from diagnostics.runtime.groups import count_cpus, limits
from diagnostics.runtime.host import TcpSocket
from diagnostics.system_monitor.host import SystemMonitor, TrendsUnavailable, socket_use
from diagnostics.system_monitor.sampler import MOST_KEPT, Sampler

BEFORE = {
    "stat": "cpu  100 0 50 800 20 0 0 10 0 0\ncpu0 50 0 25 400 10 0 0 5 0 0\nintr 5 0\nctxt 1000\nprocs_running 2\nprocs_blocked 0\n",
    "meminfo": "MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 400 kB\nSwapTotal: 50 kB\nSwapFree: 40 kB\n",
    "diskstats": "   8 0 sda 10 0 80 50 20 0 160 100 0 90 150\n   7 0 loop0 9 0 9 9 9 0 9 9 0 9 9\n 8 16 sdb 0 0 0 0 0 0 0 0 0 0 0\n",
    "vmstat": "pgpgin 1\npswpin 4\npswpout 6\noom_kill 2\n",
    "net/dev": "Inter-| Receive\n face |bytes\n    lo: 9 9 9 9 0 0 0 0 9 9 0 0 0 0 0 0\n  eth0: 1000 9 1 2 0 0 0 0 500 9 0 0 0 0 0 0\n",
    "net/snmp": "Tcp: RtoMin CurrEstab OutSegs RetransSegs MaxConn\nTcp: 200 7 1000 10 -1\n",
    "net/netstat": "TcpExt: SyncookiesSent ListenOverflows\nTcpExt: 0 5\n",
    "net/sockstat": "sockets: used 99\nTCP: inuse 8 orphan 1 tw 4 alloc 9 mem 1\n",
    "net/sockstat6": "TCP6: inuse 2\n",
    "sys/net/ipv4/ip_local_port_range": "1000\t1099\n",
    "pressure/cpu": "some avg10=0.00 avg60=0.00 avg300=0.00 total=1000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n",
}
AFTER = {
    "stat": "cpu  130 0 70 820 30 0 0 30 0 0\ncpu0 80 0 45 420 10 0 0 5 0 0\nctxt 1500\nprocs_running 5\nprocs_blocked 3\n",
    "diskstats": "   8 0 sda 15 0 120 150 25 0 200 200 0 190 350\n",
    "net/snmp": "Tcp: RtoMin CurrEstab OutSegs RetransSegs MaxConn\nTcp: 200 7 1100 35 -1\n",
}


def written(folder: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture
def samples(tmp_path: Path):
    written(tmp_path, BEFORE)
    sampler = Sampler(("/", "/nowhere/at/all"), proc=str(tmp_path), groups=str(tmp_path / "none"))
    first = sampler.sample()
    written(tmp_path, AFTER)
    second = sampler.sample(complete=True)
    sampler.close()
    return first, second


def test_cpu_shares_are_those_since_the_sample_before(samples) -> None:
    cpu = samples[1].cpu

    assert cpu.utilization == pytest.approx(50 / 100)
    assert (cpu.iowait, cpu.steal) == (pytest.approx(0.1), pytest.approx(0.2))
    assert cpu.each == (pytest.approx(50 / 70),)
    assert (cpu.runnable, cpu.blocked) == (4, 3)
    assert cpu.throttled_ratio is None


def test_the_latency_of_a_disk_is_time_over_requests(samples) -> None:
    (disk,) = samples[1].disks

    assert disk.device == "sda"
    assert disk.latency == pytest.approx((100 + 100) / 1000 / 10)


def test_a_disk_without_requests_has_no_latency_and_pseudo_disks_are_left_out(samples) -> None:
    assert [disk.device for disk in samples[0].disks] == ["sda"]


def test_retransmits_are_also_a_share_of_what_was_sent(samples) -> None:
    assert samples[1].network.retransmit_ratio == pytest.approx(25 / 100)


def test_sockets_of_both_families_count_towards_the_ports(samples) -> None:
    network = samples[0].network

    assert network.sockets == {"established": 7, "time_wait": 4, "orphan": 1, "used": 10}
    assert network.ports_used_ratio == pytest.approx(14 / 100)


def test_memory_is_read_in_bytes_and_kills_are_counted(samples) -> None:
    memory = samples[0].memory

    assert (memory.total, memory.available, memory.swap_used, memory.oom_kills) == (1024000, 409600, 10240, 2)
    assert memory.used_ratio == pytest.approx(0.6)


def test_a_stall_of_the_whole_host_for_cpu_is_no_number(samples) -> None:
    assert set(samples[0].pressure) == {"cpu.some"}


def test_a_volume_that_is_not_there_is_left_out(samples) -> None:
    assert [volume.path for volume in samples[0].volumes] == ["/"]


def test_this_process_is_seen_as_it_is() -> None:
    with open(os.devnull) as _, open(os.devnull) as _:
        process = Sampler().sample().process
        listed = len(os.listdir("/proc/self/fd")) - 1

    assert process.pid == os.getpid()
    assert abs(process.descriptors - listed) <= 16  # the sampler keeps its own files open
    assert process.rss > 1 << 20


def test_all_processes_hold_this_one_and_descriptors_stay_bounded() -> None:
    sampler = Sampler()
    sampler.sample(processes=True)
    found = {each.pid: each for each in sampler.sample(processes=True).processes}

    assert found[os.getpid()].threads >= 1
    assert len(sampler._stats) <= MOST_KEPT
    sampler.close()
    assert not sampler._stats


def test_a_child_after_a_fork_sees_itself() -> None:
    sampler = Sampler()
    sampler.sample()
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        ballast = bytearray(128 << 20)
        true = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        os.write(write, f"{sampler.sample().process.rss} {true} {len(ballast)}".encode())
        os._exit(0)
    os.close(write)
    seen, true, _ = map(int, os.read(read, 64).split())
    os.close(read)
    os.waitpid(child, 0)

    assert seen == pytest.approx(true, abs=16 << 20)


# -- control groups ------------------------------------------------------------------------------------------


def test_version_2_takes_the_smallest_limit_above_us(tmp_path: Path) -> None:
    written(
        tmp_path,
        {
            "cgroup.controllers": "cpu memory pids",
            "pod/cpu.max": "150000 100000",
            "pod/memory.max": "1000",
            "pod/memory.current": "900",
            "pod/app/cpu.max": "max 100000",
            "pod/app/memory.max": "2000",
            "pod/app/pids.max": "100",
            "pod/app/cpu.pressure": "",
        },
    )

    found = limits(root=tmp_path, membership="0::/pod/app\n")

    assert (found.cpus, found.memory, found.pids) == (1.5, 1000, 100)
    assert found.memory_used == str(tmp_path / "pod/memory.current")
    assert found.cpu_stat == str(tmp_path / "pod/cpu.stat")
    assert found.pressure == str(tmp_path / "pod/app")


def test_version_1_without_limits_has_none(tmp_path: Path) -> None:
    written(
        tmp_path,
        {
            "cpu/cpu.cfs_quota_us": "-1",
            "cpu/cpu.cfs_period_us": "100000",
            "memory/memory.limit_in_bytes": str(2**63 - 4096),
        },
    )

    found = limits(root=tmp_path, membership="4:memory:/\n1:cpu:/\n")

    assert (found.cpus, found.memory, found.pids) == (None, None, None)


def test_version_1_reads_the_quota_of_the_group(tmp_path: Path) -> None:
    written(
        tmp_path,
        {
            "cpu/docker/x/cpu.cfs_quota_us": "50000",
            "cpu/docker/x/cpu.cfs_period_us": "100000",
            "memory/docker/x/memory.limit_in_bytes": "12345",
        },
    )

    found = limits(root=tmp_path, membership="4:memory:/docker/x\n1:cpu:/docker/x\n")

    assert (found.cpus, found.memory) == (0.5, 12345)
    assert found.reclaimable == "total_inactive_file"


def test_throttling_and_memory_are_those_of_the_group(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    written(tmp_path / "proc", BEFORE)
    membership = Path("/proc/self/cgroup").read_text()
    group = next((line.split(":", 2)[2] for line in membership.splitlines() if line.startswith("0::")), None)
    if group is None:
        pytest.skip("no unified hierarchy here")
    base = "group" + group.rstrip("/")
    texts = {
        "group/cgroup.controllers": "",
        f"{base}/cpu.max": "100000 100000",
        f"{base}/cpu.stat": "nr_periods 100\nnr_throttled 10\n",
        f"{base}/memory.max": "1000",
        f"{base}/memory.current": "900",
        f"{base}/memory.stat": "inactive_file 100\n",
    }
    written(tmp_path, texts)
    sampler = Sampler(proc=str(tmp_path / "proc"), groups=str(tmp_path / "group"))
    sampler.sample()
    written(tmp_path, {f"{base}/cpu.stat": "nr_periods 200\nnr_throttled 60\n"})
    found = sampler.sample(complete=True)
    sampler.close()

    assert found.cpu.throttled_ratio == pytest.approx(0.5)
    assert found.cpu.available == 1.0
    assert (found.memory.group_limit, found.memory.group_used) == (1000, 800)
    assert found.memory.used_ratio == pytest.approx(0.8)


@pytest.mark.parametrize(("text", "count"), [("0-3,8", 5), ("0", 1), ("", 0), ("2,4-5\n", 3)])
def test_cpus_of_a_set_are_counted(text: str, count: int) -> None:
    assert count_cpus(text) == count


# -- the monitor ---------------------------------------------------------------------------------------------


def test_a_series_that_does_not_exist_names_those_that_do() -> None:
    with pytest.raises(ConfigurationError, match=r"process\.memory\.rss"):
        SystemMonitor().series("rss")


def test_trends_need_samples_and_say_so() -> None:
    monitor = SystemMonitor()

    assert isinstance(monitor.trend("process.memory.rss"), TrendsUnavailable)
    assert isinstance(monitor.memory_verdict(), TrendsUnavailable)


def test_the_monitor_samples_by_itself_until_it_is_stopped() -> None:
    with SystemMonitor() as monitor:
        monitor.start(0.001)  # runs already: nothing changes
        assert monitor._thread is not None
        thread = monitor._thread
        assert len(monitor.series("process.memory.rss")[0]) >= 1

    assert not thread.is_alive()
    with pytest.raises(ConfigurationError, match="positive"):
        monitor.start(0)


def test_the_busiest_destination_is_the_one_with_most_ports() -> None:
    table = [TcpSocket("LISTEN", "0.0.0.0", 1050, "0.0.0.0", 0, 0, 1)]
    table += [TcpSocket("ESTABLISHED", "10.0.0.1", 1000 + n, "10.0.0.9", 443, 0, n) for n in range(30)]
    table += [TcpSocket("TIME_WAIT", "10.0.0.1", 1000 + n, "10.0.0.8", 80, 0, 0) for n in range(20)]

    found = socket_use(table, "1000\t1099\n")

    assert found.states == {"ESTABLISHED": 30, "LISTEN": 1, "TIME_WAIT": 20}
    assert (found.busiest, found.ports_used_ratio) == ("10.0.0.9:443", pytest.approx(0.3))
