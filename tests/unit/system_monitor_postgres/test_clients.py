from diagnostics.system_monitor.postgres.clients import decode_address, parse_tcp_table

TABLE = """  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt uid timeout inode
   0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 111 1 0000000000000000
   1: 0100007F:D431 0100007F:1538 01 00000000:00000000 00:00000000 00000000  1000        0 222 1 0000000000000000
   2: 0100007F:D432 0100007F:1538 06 00000000:00000000 00:00000000 00000000     0        0 0 3 0000000000000000
"""


def test_the_kernels_hexadecimal_is_an_address():
    assert decode_address("0100007F:1538") == ("127.0.0.1", 5432)
    assert decode_address("00000000000000000000000001000000:1538") == ("::1", 5432)
    assert decode_address("0000000000000000FFFF00000100007F:1538") == ("127.0.0.1", 5432)


def test_only_living_connections_have_an_owner():
    assert parse_tcp_table(TABLE) == {("127.0.0.1", 0xD431): 222}
