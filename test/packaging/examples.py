#!/usr/bin/env python3
"""Runs the examples of the READMEs for users and of the manual pages.

Usage: examples.py BUILD_DIRECTORY COMPILER...

Every example is run, or has a row in NOT_RUN below with the reason. An example
without a row fails, and so does a row without an example.

An example is typed line by line into a shell, as a reader of the page would do
it, in a home directory of its own. A command that does not end is left alone,
and the next one is typed into another shell. Some names of the pages stand for
those of the reader; PLACES says which.
"""

import datetime
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
SECONDS = 60  # for one command to say what it has to say

# Why an example is not run, by its page and its first line.
NOT_RUN = {
    ('README.md', 'terok-clearance: following the hub at '
                  '/run/user/1000/terok-clearance.sock'):
        'it is what watch prints: there is nothing to type',
    ('README.md', ' clearance  1 hub | 2 containers | 3 waiting (o'
                  'ldest <1 min)                      19:00'):
        'a picture: packaging/demo/picture makes it, and the test '
        '`tui_terminal` looks at such pictures',
    ('terok-clearance-notify.1', 'systemctl --user enable --now '
                                 'clearance-notify.service'):
        'it needs a desktop: the test `notify_desktop` has the bus of one',
    ('terok-clearance-notify.1', "terok-clearance notify --open 'foot "
                                 "terok-clearance' --quiet-hours "
                                 '22:00-07:00'):
        'it needs a desktop: the test `notify_desktop` has the bus of one',
    ('terok-clearance-relay.1', 'terok-clearance --host kim@build1 --host '
                                'kim@build2'):
        'it needs other machines: the test `far_host` has one',
    ('terok-clearance-tui.1', 'terok-clearance-tui --clearance-socket \\'):
        'it needs a terminal: the test `tui_terminal` has one',
    ('terok-clearance-web.1',
     'terok-clearance web --no-open --listen 127.0.0.1:8443'):
        'it serves until it is ended: the test `web_server` runs the program',
    ('terok-clearance-web.1',
     'ssh -L 127.0.0.1:8443:127.0.0.1:8443 that-machine'):
        'it needs another machine',
    ('README.md', '$ terok-guard run --on-block hold --name web '
                  '-- curl -I https://example.com'):
        'it needs the internet: the test `guard_run` runs commands in a '
        'private one',
    ('terok-guard.1', 'terok-guard run --on-block hold -- curl '
                      'https://example.com/'):
        'it needs the internet: the test `guard_run` runs commands in a '
        'private one',
    ('README.md', 'packaging/quickstart --demo   # a connection is refused, '
                  'allowed and accepted'):
        'it builds for minutes: the test `quickstart` runs both lines with '
        'the built program',
    ('README.md', 'packaging/build-deb                             # from '
                  'what is committed'):
        'it builds for minutes: the test `deb` builds, installs and uses the '
        'packages',
    ('terok-guard.1', 'terok-guard attach --container web \\'):
        'it needs podman and a container: the test `guard_attach` runs both '
        'commands in namespaces of its own',
    ('terok-clearance.7', '# What every varlink service says of itself.'):
        'an interface: the test `man_pages` holds it against what is served',
    ('terok-clearance.7', '# Blocked connections of containers, and what '
                          'operators decide about them.'):
        'an interface: the test `man_pages` holds it against what is served',
    ('terok-clearance.7', '# What the shield can do beyond ClearanceVerdict1, '
                          'for the hub alone.'):
        'an interface: the test `man_pages` holds it against what is served',
    ('terok-clearance.7', '# Carries out verdicts, for the hub alone.'):
        'an interface: the test `man_pages` holds it against what is served',
}


class Failed(Exception):
    """What went wrong, for the person who runs the test."""


# -- the pages ----------------------------------------------------------------


class Example:
    """A displayed block of a page."""

    def __init__(self, page, text):
        self.page = page
        self.text = text
        self.key = (page, text.split('\n', 1)[0])

    def commands(self):
        """The commands of the block, each complete."""
        result, part = [], ''
        for line in self.text.splitlines():
            part += line + '\n'
            if line.endswith('\\') or not complete(part):
                continue
            result.append(part)
            part = ''
        if part:
            raise Failed(f'a command has no end: {part}')
        return result


def complete(command):
    return subprocess.run(['bash', '-n', '-c', command], check=False,
                          stderr=subprocess.DEVNULL).returncode == 0


EMBEDDING = 'services/embedding/README.md'


def readme_examples():
    for page in ('README.md', EMBEDDING):
        text = (TOP / page).read_text()
        for match in re.finditer(r'^```\w+\n(.*?)^```$', text, re.M | re.S):
            yield Example(page, match[1])
    text = (TOP / 'README.md').read_text()
    # The table of three terminals.
    rows = re.findall(r'^\| ([123]) \| (.*?) \|', text, re.M)
    typed = [re.fullmatch(r'`(.*)`', row[1]) for row in rows]
    for before, at in zip([None] + typed, range(len(typed))):
        if typed[at] is None and rows[at][1] == 'the same command again':
            typed[at] = before
    for match in re.finditer(r'^\|.*\| `(systemctl .*)` \|$', text, re.M):
        yield Example('README.md', match[1] + '\n')
    if not typed or None in typed:
        raise Failed('README.md: a row of the three terminals has no command')
    yield Example('README.md', ''.join(x[1] + '\n' for x in typed))


def page_examples(path):
    text = path.read_text()
    for match in re.finditer(r'^\.Bd -literal.*?\n(.*?)^\.Ed$', text,
                             re.M | re.S):
        lines = match[1].replace(r'\e', '\\').replace(r'\&', '')
        yield Example(path.name, lines.replace(r'\-', '-'))


def examples():
    yield from readme_examples()
    for path in sorted((TOP / 'packaging/man').glob('*.[157]')):
        yield from page_examples(path)


# -- where they run -----------------------------------------------------------


class Shell:
    """A shell that commands are typed into."""

    def __init__(self, world):
        self.said = ''
        self.statuses = 0
        self.process = subprocess.Popen(
            ['bash'], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, env=world.environment, cwd=world.home,
            start_new_session=True)

    def type(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def run(self, command, expected, status=0):
        """Returns once the command said `expected` and ended with `status`.
        None: it goes on."""
        at = len(self.said)
        self.type(command)
        if status is not None:
            self.statuses += 1
            self.type(f'echo "[{self.statuses}: $?]"\n')
            self.wait(f'[{self.statuses}: {status}]', at)
        self.wait(expected, at)

    def wait(self, text, at=0):
        end = time.monotonic() + SECONDS
        while text not in self.said[at:]:
            left = end - time.monotonic()
            ready = select.select([self.process.stdout], [], [], max(left, 0))
            more = os.read(self.process.stdout.fileno(), 65536) if ready[0] \
                else b''
            if not more:
                raise Failed(f'did not say: {text}\nsaid: {self.said[at:]}')
            self.said += more.decode(errors='replace')

    def close(self):
        """Ends everything that was started."""
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.stdin.close()
        end = time.monotonic() + SECONDS
        while True:
            left = end - time.monotonic()
            if not select.select([self.process.stdout], [], [],
                                 max(left, 0))[0]:
                os.killpg(self.process.pid, signal.SIGKILL)
                raise Failed(f'a program did not end\nsaid: {self.said}')
            if not os.read(self.process.stdout.fileno(), 65536):
                break
        self.process.stdout.close()
        self.process.wait()


class World:
    """A home, a runtime directory and programs for one example."""

    def __init__(self, build):
        self.build = build
        self.top = Path(tempfile.mkdtemp(prefix='examples-'))
        self.home, self.runtime = self.top / 'home', self.top / 'run'
        self.bin = self.top / 'bin'
        for each in self.home, self.runtime, self.bin:
            each.mkdir(mode=0o700)
        for name in 'terok-clearance', 'terok-gate', 'terok-supervisor':
            (self.bin / name).symlink_to(build / 'services' / name)
        (self.bin / 'terok-shield').symlink_to(
            TOP / 'packaging/demo/stand-in-shield')
        self.environment = {
            'HOME': str(self.home),
            'LC_ALL': 'C.UTF-8',
            'PATH': f'{self.bin}:/usr/local/bin:/usr/bin:/bin',
            'STAND_IN_SHIELD_RECORD': str(self.top / 'record'),
            'TMPDIR': str(self.top),
            'XDG_RUNTIME_DIR': str(self.runtime),
            'GIT_CONFIG_NOSYSTEM': '1',
            'GIT_TERMINAL_PROMPT': '0',
        }
        self.shells = []
        self.port = free_port()

    def placed(self, text):
        """`text` with the names of this world; see the first lines."""
        places = {
            '/tmp/gate': self.top / 'gate',
            '/run/user/1000': self.runtime,
            '/home/user': self.home,
            ':/gate/gate.sock': f':{self.runtime}/gate/gate.sock',
            '9418': self.port,
        }
        for name, place in places.items():
            text = text.replace(name, str(place))
        return text

    def shell(self):
        self.shells.append(Shell(self))
        return self.shells[-1]

    def run(self, command, expected='', status=0):
        """In a shell of its own."""
        self.shell().run(self.placed(command), expected, status)

    def double(self, name, text):
        """Stands in for a program that would change the machine."""
        path = self.bin / name
        path.write_text('#!/usr/bin/env bash\nset -euo pipefail\n' + text)
        path.chmod(0o755)

    def close(self):
        try:
            for each in reversed(self.shells):
                each.close()
        finally:
            shutil.rmtree(self.top)


def free_port():
    with socket.socket() as found:
        found.bind(('127.0.0.1', 0))
        return found.getsockname()[1]


# -- how each is run ----------------------------------------------------------


ENDLESS = None  # instead of an exit code

EMIT = ('terok-clearance emit --blocked --container 6f1d2c3b4a59 --dest '
        '203.0.113.7 --port 443 --domain api.example.com\n')


def typed(*steps, before=None, after=None, needs=()):
    """Types the commands. A step says what the command must print, and its
    exit code if that is not 0."""
    def run(world, example):
        if missing := [x for x in needs if shutil.which(x) is None]:
            return f'needs {" and ".join(missing)}'
        if before:
            before(world)
        commands = example.commands()
        if len(commands) != len(steps):
            raise Failed(f'{len(commands)} commands, {len(steps)} steps')
        shell = world.shell()
        for command, step in zip(commands, steps):
            expected, status = step if isinstance(step, tuple) else (step, 0)
            shell.run(world.placed(command), world.placed(expected), status)
            if status is ENDLESS:
                last, shell = shell, world.shell()
        if after:
            after(world, last if status is ENDLESS else shell)
        return None
    return run


def file_for(command, expected, name, mode=0o600, change=lambda text: text,
             before=None):
    """Writes the example to the file `name` in the home directory, and runs a
    command that reads it and does not end."""
    def run(world, example):
        if before:
            before(world)
        path = world.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(change(world.placed(example.text)))
        path.chmod(mode)
        world.run(command, expected, ENDLESS)
    return run


def hub(world):
    world.run('terok-clearance serve --inline-verdict\n', 'hub: serving',
              ENDLESS)


def hub_with_prompts(world):
    world.run('terok-clearance serve --inline-verdict\n',
              'hub: serving', ENDLESS)
    world.run(EMIT, '6f1d2c3b4a59:')


def prompt_decided(world, example):
    """The page has the id of a prompt of somebody else's."""
    hub_with_prompts(world)
    show, decide = example.commands()
    shell = world.shell()
    shell.run(show, 'terok-clearance decide ')
    mine = re.search(r'terok-clearance decide (\S+ \d+) ', shell.said)[1]
    shell.run(re.sub(r'decide \S+ \d+ ', f'decide {mine} ', decide),
              'allow applied')


def policy_and_tests(world):
    policy = world.home / 'policy.d'
    policy.mkdir(mode=0o700)
    rule = policy / 'a.toml'
    rule.write_text('version = 1\n[[rule]]\nname = "no ads"\nwhy = "ads"\n'
                    'to = ["**.ads.org"]\naction = "deny"\n')
    rule.chmod(0o600)
    (world.home / 'expected.toml').write_text(
        'version = 1\n[[test]]\nto = "x.ads.org"\nexpect = "deny"\n')


def expectations_of_page(world, example):
    """Of the policy that the same page shows."""
    policy = next(x for x in examples()
                  if x.key == (example.page, 'version = 1'))
    policy_of_page(world, policy)
    (world.home / 'page.toml').write_text(example.text)
    world.run('terok-clearance policy test ~/page.toml ~/policy\n',
              '1 test, 0 failed')


def policy_of_page(world, example):
    policy = world.home / 'policy'
    policy.mkdir(mode=0o700)
    # The day of the page comes, and a rule that has expired fails its test.
    text, days = re.subn(r'(?<=expires = )\d{4}-\d\d-\d\d',
                         str(datetime.date.today()
                             + datetime.timedelta(days=30)), example.text)
    if days != 1:
        raise Failed('the rule does not expire')
    (policy / 'a.toml').write_text(text)
    world.run('terok-clearance policy check ~/policy\n', 'python wheels')


def hooked_repository(world):
    """With a branch that has a backup."""
    world.run(
        'git init -q --bare -b main ~/gate/mirrors/demo.git &&'
        ' git init -q -b main work && cd work &&'
        ' git -c user.name=a -c user.email=a@example.com commit -q'
        ' --allow-empty -m secret && git push -q ../gate/mirrors/demo.git'
        ' main main:refs/terok/backup/main/20260101T000000Z-'
        '$(git rev-parse HEAD)\n')


def no_backup_left(world, _):
    world.run('git -C ~/gate/mirrors/demo.git for-each-ref | grep -c .\n', '1')


def gate_with_token(world):
    world.run('git init -q --bare -b main ~/gate/mirrors/demo.git &&'
              ' (umask 077 && echo sesame >~/gate/token)\n')


def gate_on_socket(world):
    gate_with_token(world)
    world.run('terok-gate --scope demo --mirror-root ~/gate/mirrors'
              ' --token-file ~/gate/token --socket'
              ' $XDG_RUNTIME_DIR/gate/gate.sock\n', 'gate: serving', ENDLESS)


def clone_over_tcp(world, _):
    world.run('until git ls-remote http://sesame:@127.0.0.1:9418/demo.git;'
              ' do :; done\n')


def event_for_jq(world, shell):
    world.run(EMIT, '6f1d2c3b4a59:')
    shell.wait('203.0.113.7\n')


def applied(_, shell):
    shell.wait('verdict_applied 6f1d2c3b4a59 allow ok')


def builder(world):
    """Takes options that there are, and installs nothing."""
    options = re.findall(r"^option\(\s*'(\w+)'",
                         (TOP / 'meson_options.txt').read_text(), re.M)
    known = '|'.join(options + ['werror', 'unity'])
    world.double('meson', f'''
[[ "$*" != 'install -C build' ]] || {{ echo installed; exit; }}
[[ "$1 $2" == 'setup build' ]]
shift 2
for word; do
  [[ "$word" =~ ^(--buildtype|release|-D({known})=[a-z]+)$ ]] \\
    || {{ echo "no option: $word"; exit 1; }}
done
''')
    world.double('sudo', 'exec "$@"\n')
    world.double('dpkg-query', 'printf installed\n')
    (world.home / 'packaging').symlink_to(TOP / 'packaging')


def manager(world):
    """Enables units that are installed."""
    world.double('systemctl', f'''
[[ "$1 $2 $3" == '--user enable --now' ]]
shift 3
for unit; do
  [[ "$unit" == *.* ]] || unit+=.service
  unit="${{unit/@NAME/@}}"
  [[ -f "{world.build}/packaging/systemd/$unit" ]] \\
    || {{ echo "no unit: $unit"; exit 1; }}
done
''')


def three_terminals(world, example):
    commands = example.commands()
    serve, watch, emit, verdict, again = commands
    if serve != 'packaging/quickstart\n':
        raise Failed(f'the first command is {serve}')
    # Without what builds and installs.
    world.run(f'cd {TOP}; packaging/quickstart'
              f' --program {world.bin}/terok-clearance'
              f' --shield {world.bin}/terok-shield\n', 'hub: serving', ENDLESS)
    world.environment['XDG_RUNTIME_DIR'] = \
        f'{world.top}/terok-clearance-quickstart-{os.getuid()}'
    watching = world.shell()
    watching.run(watch, 'following the hub', ENDLESS)
    shell = world.shell()
    shell.run(emit, '6f1d2c3b4a59:17\n')
    watching.wait('answer (allow or deny): ' + verdict)
    shell.run(verdict, 'allow applied: ')
    watching.wait('verdict_applied 6f1d2c3b4a59 allow ok')
    shell.run(again, 'UnknownRequest', 1)


def compiled(world, example):
    """The block is the body of a function."""
    path = world.top / 'example.cpp'
    path.write_text('#include <caf/all.hpp>\n'
                    '#include <clearance/clearance.hpp>\n'
                    '#include <iostream>\n'
                    'void example(caf::actor_system& system);\n'
                    'void example(caf::actor_system& system) {\n'
                    f'{example.text}}}\n')
    include = world.top / 'include'
    include.mkdir()
    (include / 'clearance').symlink_to(TOP / 'services/embedding')
    done = subprocess.run(
        [*sys.argv[2:], '-std=c++20', '-fsyntax-only', f'-I{include}',
         str(path)], check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(done.stderr)


def sidecar(text):
    json.loads(text)
    return text


SCRATCH_GATE = typed('', 'gate: serving', '', 'Cloning into', '', before=lambda world:
                     world.run('mkdir -p /tmp/gate/mirrors\n'))

RUN = {
    ('README.md', 'packaging/quickstart'): three_terminals,
    ('README.md', "bash -c '. packaging/dependencies.sh && "
                  "install_dependencies build_packages'"):
        typed('', '', 'installed', before=builder),
    ('README.md', 'git init -q --bare -b main /tmp/gate/mirrors/demo.git'):
        SCRATCH_GATE,
    ('README.md', 'systemctl --user enable --now clearance-hub.socket'):
        typed('', before=manager),
    ('README.md', 'systemctl --user enable --now clearance-supervisor'):
        typed('', before=manager),
    ('README.md', 'systemctl --user enable --now clearance-gate@NAME.socket'):
        typed('', before=manager),
    (EMBEDDING, 'clearance::embedding::hub hub; // what start_hub() returned'):
        compiled,
    (EMBEDDING, 'namespace embedding = clearance::embedding;'):
        compiled,
    ('terok-clearance-audit.1', 'terok-clearance audit list --since 7d '
                                '--container alpha'):
        typed('', before=hub),
    ('terok-clearance-audit.1', 'terok-clearance audit verify'):
        typed('the chain holds', before=hub),
    ('terok-clearance-policy.5', 'version = 1'): policy_of_page,
    ('terok-clearance-policy.5', '# expected.toml'): expectations_of_page,
    ('terok-clearance-policy.5', 'terok-clearance policy check policy.d'):
        typed('1 rule', '1 test, 0 failed', before=policy_and_tests),
    ('terok-clearance-policy.5', 'terok-clearance policy propose --since 7d '
                                 '>proposed.toml'):
        typed('', before=hub),
    ('terok-clearance-prompts.1', 'terok-clearance list'): prompt_decided,
    ('terok-clearance-prompts.1', 'terok-clearance list --all --json'):
        typed('"state":"waiting"', before=hub_with_prompts),
    ('terok-clearance-prompts.1',
     'terok-clearance decide deny --all-of 6f1d2c3b4a59 '
     "--reason 'not from here'"):
        typed(': denied', before=hub_with_prompts),
    ('terok-clearance.1',
     'terok-clearance serve --inline-verdict --shield /bin/true & sleep 1'):
        typed('hub: serving', 'following the hub', '6f1d2c3b4a59:17\n',
              'allow applied: ', after=applied),
    ('terok-clearance.1', 'terok-clearance watch --all --json |'):
        typed(('following the hub', ENDLESS), before=hub, after=event_for_jq,
              needs=['jq']),
    ('terok-clearance.1', '[serve]'):
        file_for('terok-clearance serve --config ~/hub.toml\n', 'hub: serving',
                 'hub.toml'),
    ('terok-clearance.7', 'cd $XDG_RUNTIME_DIR'):
        typed('', '', '"vendor"', before=hub, needs=['socat']),
    ('terok-gate-hooks.7', 'terok-gate backups expire '
                           '~/gate/mirrors/demo.git \\'):
        typed('', '', before=hooked_repository, after=no_backup_left),
    ('terok-gate.1', '{"grants": ['):
        file_for('terok-gate --grants ~/grants --mirror-root ~/gate/mirrors'
                 ' --listen 127.0.0.1:9418\n', 'gate: serving', 'grants',
                 before=gate_with_token, change=lambda text: text.replace(
                     '64 hexadecimal digits', 'a' * 64)),
    ('terok-gate.1', 'git init -q --bare -b main /tmp/gate/mirrors/demo.git'):
        SCRATCH_GATE,
    ('terok-gate.1', 'terok-gate --install-hooks ~/gate/hooks'):
        typed('', ('gate: serving', ENDLESS), before=gate_with_token),
    ('terok-gate.1', 'socat TCP-LISTEN:9418,bind=127.0.0.1,fork \\'):
        typed(('', ENDLESS), before=gate_on_socket, after=clone_over_tcp,
              needs=['socat']),
    ('terok-supervisor.1', 'mkdir -m 700 $XDG_RUNTIME_DIR/terok-sidecars'):
        typed('', ('supervisor: starting', ENDLESS)),
    ('terok-supervisor.1', '{"container_id": "6f1d2c3b4a59", '
                           '"container_name": "demo",'):
        file_for('terok-supervisor run --sidecar-dir ~/sidecars\n',
                 'gate: serving', 'sidecars/demo.json',
                 change=sidecar),
}


def main():
    build = Path(sys.argv[1])
    failures = skips = 0
    rows = set(RUN) | set(NOT_RUN)
    for example in examples():
        name = f'{example.key[0]}: {example.key[1]}'
        rows.discard(example.key)
        if example.key in NOT_RUN:
            continue
        print(name, flush=True)
        if example.key not in RUN:
            print('FAILED: nothing runs this example, and NOT_RUN in '
                  'test/packaging/examples.py gives no reason')
            failures += 1
            continue
        world = World(build)
        try:
            if skipped := RUN[example.key](world, example):
                print(f'skipped: {name}: {skipped}')
                skips += 1
        except Failed as why:
            print(f'FAILED: {why}')
            failures += 1
        finally:
            try:
                world.close()
            except Failed as why:
                print(f'FAILED: {why}')
                failures += 1
    for page, line in sorted(rows):
        print(f'FAILED: there is a row for an example that {page} does not '
              f'have: {line}')
        failures += 1
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
