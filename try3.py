import time,sys,socket,subprocess,psutil,resource
from examples.parcels.stack import running_stack
from diagnostics.system_monitor.probes.stacks import *
b=find_py_spy()
with running_stack() as s:
        time.sleep(1)
        for pid in [s.app_pid]+[c.pid for c in psutil.Process(s.app_pid).children()]:
            t=time.time(); a=resource.getrusage(resource.RUSAGE_CHILDREN); dump(b,pid); e=resource.getrusage(resource.RUSAGE_CHILDREN); print(pid, time.time()-t, e.ru_utime+e.ru_stime-a.ru_utime-a.ru_stime)
