from support import small
def test_probe(desk):
    desk.write("people.csv", small.PEOPLE.replace("tara.trainer@", "tora.trainer@").replace("cora.coordinator","cara.coordinator"))
    d = desk.call(*small.plan()); print(d.out)
    desk.write("people.csv", small.PEOPLE)
    desk.at.act("jira", "revoke", permission="BROWSE_PROJECTS")
    d = desk.call(*small.plan()); print(d.code, d.out, d.err)
    d = desk.call(*small.start()); print(d.code, d.out, d.err)
    desk.at.act("jira", "grant", permission="BROWSE_PROJECTS")
    d = desk.call(*small.start()); print(d.code, d.out, d.err)
    desk.at.act("jira", "revoke", permission="BROWSE_PROJECTS")
    d = desk.call(*small.plan()); print(d.code, d.out, d.err)
    d = desk.call(*small.start()); print(d.code, d.out, d.err)
    d = desk.call("verify", small.NAME); print(d.code, d.out, d.err)
    desk.at.act("jira", "grant", permission="BROWSE_PROJECTS")
    d = desk.call(*small.start()); print(d.code, d.out, d.err)
    print(desk.at.writes())
    assert 0
