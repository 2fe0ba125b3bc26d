import sys, tracemalloc
from pathlib import Path
from bench import agent
from rollout_sync.model.rollout import Home
from rollout_sync.sync import creating, applying
from rollout_sync.ledger import objects
url, service, size, file, ledger = sys.argv[1:]
p = agent.Prepared(service=Home(service), size=int(size), file=Path(file), ledger=Path(ledger), seconds=0)
agent.load_everything(url,p)
tracemalloc.start(1)
def mark(label):
    cur,peak=tracemalloc.get_traced_memory(); print(f"{label}: cur {cur/1e6:.2f} peak {peak/1e6:.2f}"); tracemalloc.reset_peak()
def wrap(mod,name):
    f=getattr(mod,name)
    def g(*a,**k):
        mark("before "+name); r=f(*a,**k); mark("after "+name); return r
    setattr(mod,name,g)
wrap(applying,"_accept"); wrap(applying,"_check_fresh"); wrap(applying,"_create"); wrap(objects,"graph"); wrap(creating,"Frontier"); wrap(applying,"_report")
top=[0,None]
orig=creating.Creating._take_answers
def ta(self):
    cur=tracemalloc.get_traced_memory()[0]
    if cur>top[0]+200000:
        top[0]=cur; top[1]=tracemalloc.take_snapshot()
    return orig(self)
creating.Creating._take_answers=ta
agent.carry_out(url,p,Path(ledger))
mark("end"); print(top[0])
for s in top[1].statistics("lineno")[:28]: print(s)
