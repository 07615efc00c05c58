"""Makefiles and command lines whose visible effects must be the same with and without the include.

A scenario's ``rules`` are a whole Makefile; its ``targets`` are tracked. ``recorded`` says whether the run must be
recorded, so that a scenario cannot pass by not being watched at all. It is None if that depends on the make.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Scenario:
    """One run to compare.

    ``files`` are created beforehand; ``ordered`` is False if -j leaves the order open, and
    ``silent_about_makefiles`` is False for options with which make prints what it reads.
    """

    name: str
    rules: str
    goals: tuple[str, ...]
    targets: tuple[str, ...] = ("a", "b", "c")
    recorded: bool | None = True
    variables: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    stdin: str = ""
    ordered: bool = True
    silent_about_makefiles: bool = True


ENV = "env | grep -v '^_=' | sort"
BASIC = """\
.PHONY: a b c shared
a b c: shared ; @echo making $@
shared: ; @echo shared once
"""
# Everything a recipe can see of how make was called.
WITNESS = f"""\
$(info parse: goals=$(MAKECMDGOALS) level=$(MAKELEVEL) origin=$(origin VAR) value=$(VAR) curdir=$(notdir $(CURDIR)))
.PHONY: a b c
a b c: ; @echo '$@ $(MAKE) $(MAKELEVEL) $(VAR) $(origin VAR)'; {ENV}
"""
FILES = """\
a: b.txt ; cp b.txt a
b.txt: ; echo text > $@
c: a b.txt
	cat a b.txt > $@
"""
FAILING = """\
.PHONY: a b c
a: ; @echo before; exit 1
b: ; @echo b >&2; exit 2
c: a b
	@echo never
"""
RECURSIVE = f"""\
.PHONY: a b c inner
a: ; $(MAKE) inner
b: ; make inner
c: ; @+$(MAKE) --no-print-directory inner && $(MAKE) -C sub
inner: ; @echo inner $(MAKELEVEL); {ENV}
"""
SUB = {"sub/Makefile": "all: ; @echo sub $(MAKELEVEL) $(MAKEFLAGS)\n"}


def _options(*options: str, recorded: bool | None = True) -> list[Scenario]:
    """Each option by itself, with goals that succeed, that fail and that make files."""
    return [
        Scenario(
            f"{option} {name}",
            rules,
            (*option.split(), *goals),
            recorded=recorded,
            ordered=not option.startswith("-j"),
            silent_about_makefiles=option not in ("-p", "-d", "--debug=b"),
        )
        for option in options
        for name, rules, goals in (
            ("phony", BASIC, ("a", "b")),
            ("files", FILES, ("c",)),
            ("fails", FAILING, ("b", "a")),
            ("recursion", RECURSIVE.replace(ENV, ":"), ("a", "b")),
        )
        # What else runs when one of several jobs fails is chance.
        if not (name == "fails" and option.startswith("-j"))
    ]


# What a makefile, a recipe and an executed command see of the options, in every form that options have.
FLAGS = """\
$(info while reading [$(MAKEFLAGS)] [$(MAKEOVERRIDES)] [$(MFLAGS)])
.PHONY: x y
x y: ; @echo '$@ [$(MAKEFLAGS)] [$(MAKEOVERRIDES)]'; echo "[$$MAKEFLAGS] [$$MAKEOVERRIDES]"; $(MAKE) -f sub.mk
"""
FLAGS_FILES = {"sub.mk": "z: ; @echo 'sub [$(MAKEFLAGS)]'\n", "d/inc.mk": "", "e f/inc.mk": "", "foo": ""}
COMMAND_LINES = [
    ((), {}),
    *[(tuple(options), {}) for options in (["-k"], ["-j2"], ["-j"], ["-j2", "-k", "-s"], ["-l", "9"], ["-l2.5"])],
    *[(tuple(options), {}) for options in (["-j2", "-l9"], ["-I", "d"], ["-I", "d", "-I", "e f", "-k"], ["-j", "2"])],
    *[(tuple(options), {}) for options in (["-Oline"], ["-j2", "-O"], ["-j2", "-Orecurse"], ["--jobs=2"], ["-kj2"])],
    *[(tuple(options), {}) for options in (["--no-print-directory"], ["--warn-undefined-variables", "-r"], ["-rR"])],
    *[
        (tuple(options), {})
        for options in (["-w"], ["-C", "."], ["-C", ".", "-k"], ["--directory=."], ["-B", "-e", "-L"])
    ],
    *[(tuple(options), {}) for options in (["A=1"], ["A=a b", "B=c\\d $$e 'f' \"g\""], ["-k", "A=1", "-j2"], ["-S"])],
    *[(tuple(options), {}) for options in (["--jobserver-style=pipe", "-j2"], ["-f", "Makefile", "-f", "Makefile"])],
    *[(tuple(options), {}) for options in (["-W", "foo"], ["-o", "foo"], ["--shuffle=reverse"], ["y"], ["--"])],
    *[(tuple(options), {"MAKEFLAGS": "k"}) for options in ([], ["-j2"], ["A=1"])],
    *[((), {"MAKEFLAGS": flags}) for flags in ("-j4", "j4", "-j4 -O", "-l9", "--silent -- A=1", "w", "A=1", "-kS", "")],
    *[((), {"GNUMAKEFLAGS": flags}) for flags in ("-k", "-j2")],
]

SCENARIOS = [
    *[
        Scenario(
            f"flags {' '.join(options)} {variables or ''}",
            FLAGS,
            (*options, "x"),
            ("x", "y"),
            # The makefile mentions MAKEFLAGS, and since 4.4 make would print the folder early.
            recorded=None if "-w" in options or variables.get("MAKEFLAGS") == "w" else True,
            variables=variables,
            files=FLAGS_FILES,
            ordered=False,
        )
        for options, variables in COMMAND_LINES
    ],
    *[
        Scenario(
            f"make's own environment {' '.join(options)} {variables or ''}",
            "$(info $(shell tr '\\000\\n' '\\n|' </proc/$$PPID/environ | grep -v '^_=' | sort))\na: ; @echo a\n",
            (*options, "a"),
            recorded="IFS" not in variables,
            variables=variables,
            ordered=False,
        )
        for options in ((), ("-k",), ("-j2", "V=1"), ("-e", "-j2"), ("-e",))
        for variables in ({}, {"MAKEFLAGS": "-j2"}, {"IFS": ":"}, {"MAKEOVERRIDES": "x"})
    ],
    Scenario("descriptors under -e", "a: ; @ls /proc/self/fd | wc -l\n", ("-e", "a"), variables={"MAKEFLAGS": "-j2"}),
    Scenario("IFS in the environment", "a: ; @/usr/bin/env\n", ("a",), variables={"IFS": ":"}, recorded=False),
    Scenario("another prefix for recipes", "a: ; @echo a\n", (".RECIPEPREFIX=>", "a")),
    Scenario(".SHELLSTATUS in the environment", BASIC, ("a",), variables={".SHELLSTATUS": "4"}),
    Scenario("no folder for temporary files", BASIC, ("a",), variables={"TMPDIR": "/nope"}),
    Scenario(
        "our names in the environment", WITNESS, ("a",), variables={".metrics.folder": "/nope", ".metrics.not": ""}
    ),
    Scenario("a library that is missing", BASIC, ("a",), variables={"LD_PRELOAD": "/nope.so"}),
    *[
        Scenario(
            f"a recipe that sends its make a {signal}",
            f"a: ; @kill -{signal} $$PPID; sleep 1\n",
            ("a",),
            ordered=False,
        )
        for signal in ("TERM", "INT", "HUP", "KILL", "QUIT", "PIPE", "USR2")
    ],
    *[
        Scenario(
            f"the status of a look {' '.join(options)}",
            "$(info [$(origin .SHELLSTATUS)])\na: ; @echo a\n",
            (*options, "a"),
        )
        for options in ((), ("-k",), ("-i",), ("-W", "x"))
    ],
    Scenario(
        "two makefiles",
        "a: ; @echo '$(X)'\n",
        ("-f", "Makefile", "-f", "local.mk", "a"),
        files={"local.mk": "X = found\n"},
    ),
    *[
        Scenario(f"the shell is {setting}", BASIC, (setting, "a"), recorded=False)
        for setting in (".SHELLFLAGS=-ec", "SHELL=/bin/bash -e", "SHELL=sh -x", "SHELL=/bin/sh")
    ],
    *[
        Scenario(
            f"{setting} on the command line", WITNESS, (setting, "a"), recorded=setting[:6] not in ("MAKECM", "MAKE_C")
        )
        for setting in ("MAKE=make -n", "MAKECMDGOALS=b", "MAKEFLAGS=k", "MAKELEVEL=0", "MAKE_COMMAND=true")
    ],
    *[
        Scenario(f"{name}={value} in the environment", WITNESS, ("a",), variables={name: value})
        for name, value in (("MAKE", "true"), ("MAKE", "make -n"), ("MAKE_RESTARTS", "1"), ("MAKE_TERMOUT", "x"))
    ],
    *[
        Scenario(f"goal {goal!r}", "up.%: ; @echo '[$@]'\n", (goal,), ("up.%",))
        for goal in ("up.a up.b", "up.lms ", " up.lms", "up.a\tup.b", "up.a\nup.b", "up.a\n")
    ],
    Scenario("an empty goal", BASIC, ("a", ""), recorded=None),
    Scenario("6,000 goals", "up.%: ; @:\n", tuple(f"up.{n}" for n in range(6000)), ("up.%",), recorded=False),
    Scenario("a variable of 33,000 quotes", "a: ; @echo '$(words $(VAR))'\n", ("VAR=" + "'" * 33_000, "a")),
    Scenario("a variable of 12,000 words", "a: ; @echo '$(words $(VAR))'\n", ("VAR=" + "word " * 12_000, "a")),
    *[
        Scenario(
            f"{option} with {setting}",
            FILES,
            (option, "b.txt", setting, "c"),
            files={"b.txt": "old\n", "a": "new\n", "c": "c\n"},
        )
        for option in ("-W", "-o")
        for setting in ("-k", "V=1")
    ],
    *[
        Scenario(
            f"a value that does something: {value}",
            f"{WITNESS}$(info $(words $(wildcard did)))\n",
            (value, "a"),
            recorded=None,  # since 4.4 not, if make would expand it once more
        )
        for value in ("VAR=$(shell echo >>did)", "VAR:=$(shell echo >>did)", "VAR!=echo >>did", "VAR=$(info told)")
    ],
    *[
        Scenario(f"{name} on the command line", BASIC, (f"{name}=/nowhere", "a"), recorded=name not in ("HOME", "IFS"))
        for name in ("PATH", "HOME", "IFS", "ENV", "LD_PRELOAD", "SHELLOPTS", "BASH_ENV")
    ],
    Scenario("a variable that is in the environment, too", WITNESS, ("VAR=x", "a"), variables={"VAR": "y"}),
    Scenario("UID on the command line", WITNESS, ("UID=7", "a")),
    *[
        Scenario(
            f"SHELLOPTS={options}",
            "a: ; @echo /etc/host*; echo $$-; echo $${NOTHING}; false; echo on\n",
            ("a",),
            variables={"SHELLOPTS": options},
        )
        for options in ("errexit", "noglob", "xtrace", "nounset", "errexit:noglob:nounset")
    ],
    Scenario("a strange SHLVL", WITNESS, ("a",), variables={"SHLVL": "x7"}),
    Scenario("an executed command's environment", "a: ; @/usr/bin/env\n", ("a",)),
    Scenario(
        "an executed command's environment, full",
        "a: ; @/usr/bin/env\n",
        ("a",),
        variables={"PWD": "/nowhere", "OLDPWD": "/there", "_": "x", "SHLVL": "3", "EMPTY": ""},
    ),
    Scenario("a UTF-8 goal", "up.%: ; @echo '$@'\n", ("up.é",), ("up.%", "up.é")),
    Scenario(
        "a UTF-8 goal under LC_ALL=C",
        "up.%: ; @echo '$@'\n",
        ("up.é",),
        ("up.é",),
        variables={"LC_ALL": "C"},
    ),
    Scenario("a UTF-8 variable under LC_ALL=C", WITNESS, ("VAR=é", "a"), variables={"LC_ALL": "C"}),
    Scenario("default goal", BASIC, (), recorded=False),
    Scenario("one goal", BASIC, ("a",)),
    Scenario("goals share a prerequisite", BASIC, ("a", "b", "c")),
    Scenario("goals share a prerequisite -j4", BASIC, ("-j4", "a", "b", "c"), ordered=False),
    Scenario("goals share a prerequisite -j1", BASIC, ("-j1", "c", "a")),
    Scenario("the same goal twice", BASIC, ("a", "a")),
    Scenario("tracked and untracked", BASIC, ("a", "shared"), recorded=False),
    Scenario("pattern", ".PHONY: FORCE\nup.%: FORCE ; @echo up $* $@\n", ("up.x", "up.y.z"), ("up.%",)),
    Scenario("pattern without a rule", "up.%.x: ; @echo $@\n", ("up.y",), ("up.%",)),
    Scenario("files", FILES, ("a",)),
    Scenario("file goals together", FILES, ("c", "a", "b")),
    Scenario("up to date", FILES, ("a",), files={"b.txt": "old\n", "a": "new\n"}),
    Scenario("up to date, twice", FILES, ("b.txt", "a"), ("%",), files={"b.txt": "old\n", "a": "new\n"}),
    Scenario("nothing to be done", "a:\nb: a\n", ("a", "b")),
    Scenario("fails with 1", FAILING, ("a",)),
    Scenario("fails with 2", FAILING, ("b",)),
    Scenario("fails with 7", "a: ; @exit 7\n", ("a",)),
    Scenario("a recipe is killed", "a: ; @kill -9 $$$$\n", ("a",)),
    Scenario("a prerequisite fails", FAILING, ("c",)),
    Scenario("-k, several fail", FAILING, ("-k", "c", "a", "b")),
    Scenario("-k, the first fails", FAILING + "d: ; @echo d\n", ("-k", "a", "d"), ("a", "d")),
    Scenario("missing target", BASIC, ("nowhere",), ("nowhere",)),
    Scenario("missing prerequisite", "a: nowhere ; @echo a\n", ("a",)),
    Scenario("-k, missing prerequisite", "a: nowhere ; @echo a\nb: ; @echo b\n", ("-k", "a", "b")),
    Scenario("syntax error", "a: ; @echo a\nthis is no rule\n", ("a",)),
    Scenario("missing separator in a recipe", "a:\n  echo a\n", ("a",)),
    Scenario("a file is deleted on error", ".DELETE_ON_ERROR:\na: ; @echo half > $@; exit 3\n", ("a",)),
    Scenario("an error is ignored", "a: ; -@exit 4\n", ("a",)),
    *_options("-k", "-s", "-B", "-j", "-j3", "-e", "-r", "-R", "-rR", "-S", "-L"),
    *_options("-l9", "-I.", "-b", "-m", "-kB", "--no-print-directory", "-fMakefile", "-f Makefile"),
    Scenario("undefined variables, no goal", BASIC, ("--warn-undefined-variables",), recorded=None),
    *_options("--warn-undefined-variables", "-j2 -k", "--no-builtin-rules", "--keep-going", "--always-make"),
    *_options("-p", "-i", "--trace", "-w", "--print-directory", "-sw", "-d", "--eval=X:=1", "-ki", "--debug=b", "-C."),
    *_options("-O", "-Oline", "-Otarget", "-Orecurse"),
    *_options("-n", "-q", "-t", "-n --no-print-directory", "--no-print-directory -n", recorded=False),
    *_options("--warn-undefined-variables -t -k", "-kn", "-sq", "--question", recorded=False),
    Scenario("the recipe's view", WITNESS, ("a",)),
    Scenario("the recipe's view -k", WITNESS, ("-k", "a", "b")),
    Scenario("the recipe's view, VAR=x", WITNESS, ("VAR=x", "a")),
    Scenario("VAR with spaces, quotes and a dollar", WITNESS, ('VAR=it\'s "two"  $$words # no; & | \\', "a")),
    Scenario("VAR with option-like words", WITNESS, ("VAR=-n n -- q=t", "a")),
    Scenario("several variables", WITNESS, ("VAR:=x", "OTHER+=y\\", "THIRD=a b\\\\", "a", "FOURTH=$$(x)")),
    Scenario("variables with a tab", WITNESS, ("VAR=x\ty", "OTHER=a b", "a")),
    Scenario("variables with a new line", WITNESS, ("VAR=x\ny", "OTHER=a b", "a")),
    Scenario("a variable given twice", WITNESS, ("VAR=x", "VAR=y", "a")),
    Scenario("a variable with our own marks", WITNESS, ("VAR=\\S \\\\B", "OTHER=\\B x", "a")),
    Scenario(
        "short names in the environment",
        "a: ; @env | grep -v '^SHLVL=' | grep -v '^_=' | sort\n",
        ("a",),
        variables=dict.fromkeys(
            [
                "_",
                "home",
                "run",
                "signal",
                "top",
                "git",
                "ref",
                "commit",
                "common",
                "up",
                "mask",
                "rest",
                "try",
                "flags",
                "status",
                "python",
            ],
            "x",
        ),
    ),
    Scenario(
        "a folder with blanks for makefiles",
        "include inc.mk\na: ; @echo $(X)\n",
        ("-I", "a  b", "a"),
        files={"a  b/inc.mk": "X = found\n"},
    ),
    Scenario("SHLVL in the environment", WITNESS, ("a",), variables={"SHLVL": "7"}),
    Scenario("VAR in the environment", WITNESS, ("a",), variables={"VAR": "from outside"}),
    Scenario("VAR in the environment -e", "VAR = inside\n" + WITNESS, ("-e", "a"), variables={"VAR": "from outside"}),
    Scenario("MAKEFLAGS in the environment", WITNESS, ("a",), variables={"MAKEFLAGS": "k"}),
    Scenario("MAKEFLAGS with n", WITNESS, ("a",), variables={"MAKEFLAGS": "n"}, recorded=False),
    Scenario("MAKEFLAGS with a variable", WITNESS, ("a",), variables={"MAKEFLAGS": "VAR=x"}),
    Scenario("GNUMAKEFLAGS", WITNESS, ("a",), variables={"GNUMAKEFLAGS": "-k"}),
    Scenario("MAKELEVEL=0", WITNESS, ("a",), variables={"MAKELEVEL": "0"}),
    Scenario("MAKELEVEL=1", WITNESS, ("a",), variables={"MAKELEVEL": "1"}, recorded=False),
    Scenario("MAKEFILES", WITNESS, ("a",), variables={"MAKEFILES": "more.mk"}, files={"more.mk": "VAR=m\n"}),
    Scenario("exported variables", "export VAR = x\nexport OTHER := y\nunexport HOME\n" + WITNESS, ("a",)),
    Scenario("bare export", "VAR = x\nexport\n" + WITNESS, ("a",)),
    Scenario("bare export, not recorded", "VAR = x\nexport\n" + WITNESS, (), recorded=False),
    Scenario(".EXPORT_ALL_VARIABLES", ".EXPORT_ALL_VARIABLES:\nVAR = x\n" + WITNESS, ("b",)),
    Scenario("conditional assignment", "VAR ?= x\nVAR += y\nexport VAR\n" + WITNESS, ("a",)),
    Scenario(
        "$(shell make)",
        "X := $(shell $(MAKE) --silent b)\na: ; @echo '[$(X)]'\nb: ; @echo from b\n",
        ("--eval=", "a"),
        recorded=False,
    ),
    *[
        Scenario(
            f"$(shell make) while reading, {' '.join(options)}",
            "X := $(shell make -f more.mk)\na: ; @echo '[$(X)]'\n",
            (*options, "a"),
            files={"more.mk": "b: ; echo from b\n"},
        )
        for options in ((), ("-s",), ("-k", "-j3"), ("-j", "-B"), ("-Otarget",), ("-w",))
    ],
    Scenario(
        "open descriptors -j2", "a: ; @ls -l /proc/self/fd | grep -c pipe; ls /proc/self/fd | wc -l\n", ("-j2", "a")
    ),
    Scenario("$(shell make) in a recipe", "a: ; @echo '[$(shell make --silent b)]'\nb: ; @echo from b\n", ("a",)),
    Scenario("capture of a nested make", 'a: ; @x=$$(make --silent b); echo "[$$x]"\nb: ; @echo from b\n', ("a",)),
    Scenario("recursion with $(MAKE)", RECURSIVE, ("a",), files=SUB),
    Scenario("recursion with make", RECURSIVE, ("b",), files=SUB),
    Scenario("recursion into a folder", RECURSIVE, ("c",), files=SUB),
    Scenario("recursion -j4 -k", RECURSIVE, ("-j4", "-k", "c"), files=SUB),
    Scenario("SHELL is bash", "SHELL := /bin/bash\na: ; @[[ a == a ]] && echo bash\n", ("a",)),
    Scenario(".ONESHELL", ".ONESHELL:\na:\n\t@x=1\n\techo $$x\n", ("a",)),
    Scenario(".ONESHELL with -e", ".ONESHELL:\n.SHELLFLAGS = -ec\na:\n\t@false\n\techo no\n", ("a",)),
    Scenario(".POSIX", ".POSIX:\na: ; @false; echo no\n", ("a",)),
    Scenario(".SILENT and .IGNORE", ".SILENT:\n.IGNORE: a\na:\n\tfalse\n\techo on\n", ("a",)),
    Scenario(".NOTPARALLEL", ".NOTPARALLEL:\n" + BASIC, ("-j4", "a", "b")),
    Scenario(".SECONDEXPANSION", ".SECONDEXPANSION:\na: $$(X) ; @echo $^\nX = b\nb: ; @echo b\n", ("a",)),
    Scenario(".DEFAULT", ".DEFAULT: ; @echo default $@\n", ("a", "zz"), ("a", "zz")),
    Scenario("match-anything rule", "%: ; @echo any $@\n", ("a", "b")),
    Scenario("double-colon rules", "a:: ; @echo one\na:: ; @echo two\n", ("a",)),
    Scenario("target-specific variables", "a: VAR = x\na b: ; @echo $(VAR)\n", ("a", "b")),
    Scenario("a makefile is remade", "include made.mk\na: ; @echo $(VAR)\nmade.mk: ; echo 'VAR = made' > $@\n", ("a",)),
    Scenario(
        "a makefile is remade, not recorded",
        "include made.mk\na: ; @echo $(VAR)\nmade.mk: ; echo 'VAR = made' > $@\n",
        (),
        recorded=False,
    ),
    Scenario("$(error)", "$(error stop here)\na: ; @echo a\n", ("a",)),
    Scenario("$(warning) in a recipe", "a: ; @echo $(warning careful)a\n", ("a",)),
    Scenario(
        "MAKEFILE_LIST and MAKECMDGOALS", "a b: ; @echo $(lastword $(MAKEFILE_LIST)) $(MAKECMDGOALS)\n", ("b", "a")
    ),
    Scenario("a goal with a slash", "x/a: ; @echo $@\n", ("x/a",), ("x/a",)),
    Scenario("a goal with odd characters", "a+b@c^d_e: ; @echo '$@'\n", ("a+b@c^d_e",), ("a+b@c^d_e",)),
    *[
        Scenario(f"a goal with {character}", "up.%: ; @echo made\n", (f"up.{character}x",), ("up.%",))
        for character in "$;&|'\"`<>(){}*?[]~!#\\,%"
    ],
    Scenario(
        "every variable, and MAKEFILE_LIST to the byte",
        "$(info [$(MAKEFILE_LIST)] [$(.DEFAULT_GOAL)] [$(flavor SHELL)] [$(flavor .SHELLFLAGS)])\n"
        "a: ; @$(foreach V,$(sort $(.VARIABLES)),$(if $(filter-out default automatic,$(origin $V)),$(info $V)))true\n",
        ("a",),
    ),
    *[
        Scenario(
            f"{setting} above",
            "a: ; @echo $$0 '$(SHELL)' $(origin SHELL) $(flavor SHELL)\n",
            ("a",),
            variables=variables,
        )
        for setting, variables in (("SHELL in the environment", {"SHELL": "/bin/zsh"}), ("no SHELL", {"SHELL": ""}))
    ],
    *[
        Scenario(
            f"MAKEFILES that set {setting}",
            "$(info $(value SHELL) $(flavor SHELL) $(value .SHELLFLAGS) $(flavor .SHELLFLAGS))\na: ; @echo $$-\n",
            ("a",),
            variables={"MAKEFILES": "more.mk"},
            files={"more.mk": f"{setting}\n"},
            recorded="override" not in setting,
        )
        for setting in (
            "SHELL := /bin/bash",
            "SHELL = $(firstword /bin/bash)",
            ".SHELLFLAGS = -eu -c",
            ".SHELLFLAGS := -ec",
            "override SHELL := /bin/bash",
        )
    ],
    Scenario("a makefile on standard input", BASIC, ("-f", "-", "a"), stdin="include Makefile\n"),
    *[
        Scenario(
            f"a catch-all that would remake makefiles: {rule}",
            f"a: ; @echo a\n{rule}\nFORCE: ;\n",
            ("a",),
            ordered=False,
        )
        for rule in ("%: FORCE ; @echo remade $@", "%:: ; @echo remade $@", ".DEFAULT: ; @echo remade $@")
    ],
    Scenario(
        "a makefile that is remade twice",
        "include one.mk two.mk\na: ; @echo $(X) $(Y) $(MAKE_RESTARTS)\n"
        "one.mk: two.mk ; @echo X = 1 > $@\ntwo.mk: ; @echo Y = 2 > $@\n",
        ("a",),
    ),
    Scenario(
        "a Makefile that includes itself again",
        "ifndef again\nagain := 1\n-include Makefile\na: ; @echo a\nendif\n",
        ("a",),
    ),
    *[
        Scenario(f"nested without MAKELEVEL: {name}", f"a: ; @{name} b\nb: ; @echo b\n", ("a",))
        for name in (
            "env -u MAKELEVEL make",
            "sh -c 'unset MAKELEVEL; make b; true'",
            "env -u MAKELEVEL setsid make",
            "sh -c '( ( ( unset MAKELEVEL; make b; true ); true ); true )' #",
        )
    ],
    Scenario("input", 'a: ; @read x; echo "got $$x"; cat\n', ("a",), stdin="first\nsecond\nthird\n"),
    Scenario("input -j2", "a: ; @cat\n", ("-j2", "a"), stdin="first\n"),
    Scenario("much output", "a: ; @seq 100000; seq 20000 >&2\n", ("a",)),
    Scenario("binary output", "a: ; @printf '\\000\\377\\n'\n", ("a",)),
    Scenario("a child outlives the recipe", "a: ; @sleep 0.2 & echo a\n", ("a",)),
    Scenario("umask and folder", "a: ; @umask; pwd | sed 's|.*/||'; : > made; ls -l made | cut -c1-10\n", ("a",)),
    Scenario("open descriptors", "a: ; @ls /proc/self/fd | wc -l\n", ("a",)),
    Scenario("signal dispositions", "a: ; @grep -E 'Sig(Ign|Blk)' /proc/self/status\n", ("a",)),
    Scenario(
        "parallelism",
        # Each waits for all to have begun.
        "a b c: ; @echo in; : >in.$@; until test -e in.a -a -e in.b -a -e in.c; do sleep 0.02; done; echo out\n",
        ("-j3", "a", "b", "c"),
    ),
]
