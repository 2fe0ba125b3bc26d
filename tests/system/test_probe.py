from support import small
def test_probe(desk):
    d = desk.call(*small.plan()); print(d.code, d.out, d.err); print(desk.at.writes())
    d = desk.call(*small.start()); print(d.code, d.out, d.err); print(desk.at.writes())
    desk.at.forget()
    d = desk.call(*small.start()); print(d.code, d.out, d.err); print(desk.at.writes())
    d = desk.call("verify", small.NAME); print(d.code, d.out, d.err); print(desk.at.writes())
    assert 0
