# SPDX-License-Identifier: Apache-2.0
"""
Rules and alerts of the mixin: what is generated is accepted and tested by promtool, obeys
the rules for rules, and speaks of what the program really exposes.
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
sys.path.insert(0, str(TOP / "tests/lib"))

from exporter import tap  # noqa: E402

MIXIN = TOP / "dashboards"
RULES = MIXIN / "output/kernel_taint_rules.yaml"
ALERTS = MIXIN / "output/kernel_taint_alerts.yaml"
CASES = sorted(HERE.glob("*.yaml"))


def load(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def all_rules():
    for path in RULES, ALERTS:
        for group in load(path)["groups"]:
            yield from group["rules"]


def all_alerts():
    return [rule for rule in all_rules() if "alert" in rule]


def run(*command):
    """What COMMAND prints; its errors, if it fails, are this test's."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def jsonnet(expression):
    return json.loads(run("jsonnet", "--jpath", MIXIN, "--jpath", HERE, "--exec", expression))


def promtool_accepts_the_rules():
    run("promtool", "check", "rules", RULES, ALERTS)


def the_manifest_holds_both_files():
    manifest = load(MIXIN / "output/prometheusrule.yaml")
    assert manifest["apiVersion"] == "monitoring.coreos.com/v1", manifest["apiVersion"]
    assert manifest["kind"] == "PrometheusRule", manifest["kind"]
    assert manifest["metadata"]["name"], manifest
    assert manifest["spec"]["groups"] == load(RULES)["groups"] + load(ALERTS)["groups"]


def cases_of(path):
    """A test for the cases of promtool in the file PATH."""

    def test():
        run("promtool", "test", "rules", path)

    test.__name__ = f"rules_do_what_{path.name}_says"
    return test


def every_rule_has_cases():
    firing, silent, recorded = set(), set(), set()
    for case in (case for path in CASES for case in load(path)["tests"]):
        for test in case.get("alert_rule_test", []):
            (firing if test.get("exp_alerts") else silent).add(test["alertname"])
        for test in case.get("promql_expr_test", []):
            for sample in test.get("exp_samples", []):
                recorded.add(sample["labels"].partition("{")[0])
    recorded.discard("")  # what a query counts has no name
    alerts = {rule["alert"] for rule in all_alerts()}
    assert alerts == firing, alerts ^ firing
    assert alerts == silent, alerts ^ silent
    records = {rule["record"] for rule in all_rules() if "record" in rule}
    assert records == recorded, records ^ recorded


def every_alert_says_what_it_must():
    headings = re.findall(r"^#+ (\w+)$", (MIXIN / "RUNBOOKS.md").read_text(), re.MULTILINE)
    for alert in all_alerts():
        name, notes = alert["alert"], alert["annotations"]
        assert name.startswith("KernelTaint"), name
        assert alert["labels"]["severity"] in ("critical", "warning", "info"), alert
        assert re.fullmatch(r"[A-Z][^{}]*\.", notes["summary"]), notes
        assert re.fullmatch(r"[A-Z].*\.", notes["description"]), notes
        assert notes["runbook_url"].endswith(f"/RUNBOOKS.md#{name.lower()}"), notes
        assert name in headings, f"{name} has no section in RUNBOOKS.md"
        assert alert["keep_firing_for"] != "0s", alert


def no_rule_knows_bits_or_letters():
    for rule in all_rules():
        assert not re.search(r"\b(bit|flag)\b", rule["expr"]), rule


def rules_read_what_the_program_exposes():
    families = (TOP / "exporter/exposition/families.c").read_text()
    for rule in all_rules():
        for name in re.findall(r"(?<![\w:])kernel_taint_\w+(?![\w:])", rule["expr"]):
            assert f'"{name}"' in families, f"{name} in {rule}"


def the_runbook_names_events_of_the_program():
    source = (TOP / "exporter/model/announcement.c").read_text()
    known = set(re.findall(r'\] = \{ "(\w+)"', source))
    runbook = (MIXIN / "RUNBOOKS.md").read_text()
    events = set(re.findall(r"^\| `\w+` \(`\w`\) \| `(\w+)` \|", runbook, re.MULTILINE))
    assert events and events <= known, events - known


def the_configuration_names_taints_of_the_program():
    slugs = set(re.findall(r'\] = \{ "(\w+)"', (TOP / "exporter/model/taint.c").read_text()))
    config = jsonnet("(import 'mixin.libsonnet')._config")
    named = {row["taint"] for row in config["moduleRules"]}
    for key in "crashTaints", "forcedTaints", "warningTaints", "ignoredTaints":
        named |= set(config[key])
    assert named and named <= slugs, named - slugs


def rules_follow_a_site_s_configuration():
    groups = "{ groups: m.prometheusRules.groups + m.prometheusAlerts.groups }"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        rules = jsonnet(f"local m = import 'site/site.libsonnet'; {groups}")
        (folder / "rules.yaml").write_text(json.dumps(rules), encoding="utf-8")
        shutil.copy(HERE / "site/site.yaml", folder)
        run("promtool", "check", "rules", folder / "rules.yaml")
        run("promtool", "test", "rules", folder / "site.yaml")


def a_site_may_have_no_rules_for_modules():
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        json.dump(
            jsonnet("((import 'mixin.libsonnet') + { _config+:: { moduleRules: [] } }).prometheusAlerts"),
            file,
        )
        file.flush()
        run("promtool", "check", "rules", file.name)


tap(
    [
        promtool_accepts_the_rules,
        the_manifest_holds_both_files,
        *map(cases_of, CASES),
        every_rule_has_cases,
        every_alert_says_what_it_must,
        no_rule_knows_bits_or_letters,
        rules_read_what_the_program_exposes,
        the_runbook_names_events_of_the_program,
        the_configuration_names_taints_of_the_program,
        rules_follow_a_site_s_configuration,
        a_site_may_have_no_rules_for_modules,
    ]
)
