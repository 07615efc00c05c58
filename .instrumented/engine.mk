# instrumented-make 0.4.0: the engine, the same in every project. Rendered by "instrumented-make render"; do not edit.
# What the numbers mean in more words: docs/how-it-works.md of instrumented-make.

# 1. The make that a command is handed over to reads this file first. It is to run as if this file were not there, and
#    finds MAKEFILE_LIST as if nothing had been read yet.
ifndef .metrics.needs
.metrics.child := 1
MAKEFILE_LIST :=
else

# 2. Nothing happens unless Makefile.instrumented is of this version and lies beside the first makefile, here: a copy, a
#    link or "make -f" from elsewhere would find another project's catalog.
ifeq (0.4.0 $(abspath .),$(.metrics.needs) $(abspath $(dir $(firstword $(.metrics.list)))))

# 3. Where the decision is kept: an absolute path, which may hold blanks, but nothing that has a meaning in make's or a
#    shell's own syntax.
.metrics.special := % * ? [ ] ~ & < > ( ) { } ' " ` ! \# $$ ; | \ , : =
.metrics.has-special = $(strip $(foreach character,$(.metrics.special),$(findstring $(character),$1)))
.metrics.below = $(if $(filter /%,$(firstword $1)),$1$2)
.metrics.base := $(or $(call .metrics.below,$(value XDG_CONFIG_HOME)),$(call .metrics.below,$(value HOME),/.config))
.metrics.config := $(if $(call .metrics.has-special,$(subst $(.metrics.space),,$(.metrics.base))),,$(call .metrics.below,$(.metrics.base),/$(.metrics.project)))
.metrics.exists = $(wildcard $(subst $(.metrics.space),\ ,$(.metrics.config))/$1)
.metrics.quote = '$(subst ','\'',$1)'
.metrics.sh = im_part=$1 && . ./.instrumented/hand-over.sh && $2

# 4. May this make be recorded? Only one that a person started, with goals, where nothing forbids it.
.metrics.candidate :=
ifdef MAKECMDGOALS
ifeq (0,$(MAKELEVEL))
.metrics.candidate := $(.metrics.config)
endif
endif
ifdef DO_NOT_TRACK
ifneq (,$(filter-out 0,$(DO_NOT_TRACK)))
.metrics.candidate :=
endif
endif
ifdef CI
ifndef DEVSTACK_METRICS_TESTING
.metrics.candidate :=
endif
endif

# 5. And only if every goal is tracked, stands once, and is written without a character that has a meaning.
ifneq (,$(.metrics.candidate))
ifneq (,$(filter-out $(.metrics.targets),$(MAKECMDGOALS))$(filter $(.metrics.prefix)-%,$(MAKECMDGOALS))$(word 33,$(MAKECMDGOALS)))
.metrics.candidate :=
else
ifneq (,$(call .metrics.has-special,$(MAKECMDGOALS)))
.metrics.candidate :=
endif
# A blank in a goal, or at its ends.
ifneq ($(MAKECMDGOALS),$(strip $(MAKECMDGOALS)))
.metrics.candidate :=
endif
ifneq ($(words $(MAKECMDGOALS)),$(words $(sort $(MAKECMDGOALS))))
.metrics.candidate :=
endif
# Nor under -w, which most makes set under -C as well: the inner make could not know of it without printing the folder.
ifneq (,$(findstring w,$(filter-out -%,$(firstword $(MAKEFLAGS)))))
.metrics.candidate :=
endif
endif
endif

ifneq (,$(.metrics.candidate))
ifneq (,$(call .metrics.exists,agreed.$(.metrics.digest)))

# From make 4.4 on, $(shell) gets the variables of the command line, expanded: what a value does would be done once more,
# and some names change how a program starts. Dollars are doubled in MAKEOVERRIDES.
ifdef MAKEOVERRIDES
.metrics.references := $$( $${
.metrics.values := $(subst $$$$$$$$,,$(MAKEOVERRIDES))
.metrics.telling := $(strip $(filter LD_% DYLD_% SHELLOPTS% BASH% GLIBC_% MALLOC_%,$(.metrics.values)) $(foreach reference,$(.metrics.references),$(findstring $(reference),$(.metrics.values))))
endif

# A folder for temporary files that is not there: make says so each time that it starts. And names that the hand-over or
# its shell takes for its own.
.metrics.temporary := $(strip $(foreach name,TMPDIR MAKE_TMPDIR,$(if $(filter environment%,$(origin $(name))),$(if $(wildcard $(subst $(.metrics.space),\ ,$(value $(name)))/.),,$(name)))))
ifneq (undefined,$(.metrics.temporary)$(filter im_%,$(.VARIABLES))$(origin IFS))
.metrics.telling := yes
endif

# A name in the environment that is no shell variable's, such as that of a function that bash exports: a shell may drop it,
# so it travels under another name. One that make cannot handle is not handed over; with a blank, it is no variable's.
.metrics.environment := $(foreach name,$(.VARIABLES),$(if $(filter environment% undefined,$(origin $(name))),$(name)))
.metrics.bearable := % - + . / : @ ^ ? * ! ~ [ ]
.metrics.unbearable := ( ) { } < > ' " ` \# $$ ; | \ , & =
.metrics.odd = $(strip $(foreach character,$2,$(findstring $(character),$1)))
.metrics.foreign :=
ifneq (,$(call .metrics.odd,$(.metrics.environment),$(.metrics.bearable)))
.metrics.foreign := $(foreach name,$(.metrics.environment),$(if $(call .metrics.odd,$(name),$(.metrics.bearable)),$(name)))
endif
ifneq (,$(call .metrics.odd,$(.metrics.environment),$(.metrics.unbearable))$(filter undefined,$(foreach name,$(.metrics.environment),$(origin $(name)))))
.metrics.telling := yes
endif

# 6. And only if make, its shell and its goals are what they are by themselves, no other makefile came before, and this
#    make has not started itself again. Where the environment has a SHELL, as a terminal's does, make's own is a "file"'s.
ifneq (,$(filter default:% file:/bin/sh,$(origin SHELL):$(SHELL)))
ifeq (default default default undefined undefined undefined,$(origin MAKE) $(origin MAKE_COMMAND) $(origin MAKECMDGOALS) $(origin MAKE_RESTARTS) $(origin SHELLOPTS) $(origin BASHOPTS))
ifeq (file,$(origin MAKEFILE_LIST)$(filter-out default undefined,$(origin .SHELLFLAGS) $(origin MAKE_TERMOUT) $(origin MAKE_TERMERR)))
ifndef MAKEFILES
ifndef LD_PRELOAD
ifndef .metrics.telling

# 7. And only if the command line can be handed over exactly. Make does not tell all of it to a makefile, so a shell
#    looks: .instrumented/hand-over.sh has the rule. "plain" is nothing but goals; "typed" is all that the rule allows.
.metrics.how :=
# Before make 4.4, $(shell) sees the environment that make was started with.
.metrics.level := $(if $(filter 3.% 4.0 4.1 4.2 4.2.% 4.3 4.3.%,$(MAKE_VERSION)),unknown,known)
.metrics.look := $(call .metrics.quote,$(MAKE_COMMAND)) '$(.metrics.config)/running' $(.metrics.level)
ifndef MAKEOVERRIDES
ifeq (,$(MAKEFLAGS))
.metrics.seen := $(shell exec 2>/dev/null; $(call .metrics.sh,look,im_look $(.metrics.look)))
ifeq ($(.metrics.seen),$(firstword $(.metrics.seen)) $(MAKE_COMMAND)$(subst $(.metrics.space),,$(MAKECMDGOALS)))
.metrics.how := plain
endif
endif
endif
ifeq (,$(.metrics.how))
.metrics.seen := $(shell exec 2>/dev/null; $(call .metrics.sh,typed,im_look_closely $(.metrics.look)))
ifeq ($(strip $(MAKECMDGOALS)),$(wordlist 3,35,$(.metrics.seen)))
.metrics.how := $(word 2,$(.metrics.seen))
endif
endif
ifneq (,$(.metrics.how))
INSTRUMENTED := 1
endif
endif
endif
endif
endif
endif
endif
else

# 8. Nobody has decided yet: one line, on a terminal, at most once a day.
ifeq (,$(call .metrics.exists,declined))
ifneq (,$(filter 3.8% 4.0%,$(MAKE_VERSION))$(filter-out undefined,$(origin MAKE_TERMERR)))
.metrics.invited := $(shell exec 3>&2 2>/dev/null; $(call .metrics.sh,all,im_invite '$(.metrics.config)' '$(.metrics.project)' '$(.metrics.prefix)'))
endif
endif
endif
endif

# The project's makefile finds no trace of a look or an invitation (since make 4.2).
ifeq (override,$(origin .SHELLSTATUS))
override undefine .SHELLSTATUS
endif

ifdef INSTRUMENTED

# 9. What is reported of each goal: the target of that name in the catalog, or the first pattern that fits. It is found
#    in tenths of the list, tenths of these, and so on, since a catalog may have thousands of patterns.
.metrics.tenths := 0:1 1:2 2:3 3:4 4:5 5:6 6:7 7:8 8:9 9:10
.metrics.tenth = $(wordlist $(firstword $(subst :, ,$2))$(patsubst %0,%1,$3),$(lastword $(subst :, ,$2))$3,$1)
.metrics.narrowed = $(call .metrics.tenth,$1,$(firstword $(foreach tenth,$(.metrics.tenths),$(if $(filter $(call .metrics.tenth,$1,$(tenth),$3),$2),$(tenth)))),$3)
.metrics.fits = $(firstword $(foreach pattern,$1,$(if $(filter $(pattern),$2),$(pattern))))
.metrics.search = $(call .metrics.fits,$(call .metrics.narrowed,$(call .metrics.narrowed,$(call .metrics.narrowed,$(call .metrics.narrowed,$1,$2,0000),$2,000),$2,00),$2,0),$2)
.metrics.name = $(or $(filter $1,$(.metrics.targets)),$(call .metrics.search,$(.metrics.targets),$1))

# 10. The hand-over. Goals and paths travel in the environment, never in the text of a recipe; what a shell changes in
#     its own environment travels along, to be put back.
override im_make := $(MAKE_COMMAND)
override im_goals := $(MAKECMDGOALS)
override im_command := $(foreach goal,$(MAKECMDGOALS),$(call .metrics.name,$(goal)))
override im_config := $(.metrics.config)
export im_make im_goals im_command im_config
.metrics.kept := PWD OLDPWD SHLVL LOGNAME _
$(foreach name,$(.metrics.kept),$(if $(filter environment%,$(origin $(name))),$(eval override im_env_$(name) := $$(value $(name)))$(eval export im_env_$(name))))
ifneq (,$(.metrics.foreign))
override im_foreign := $(.metrics.foreign)
export im_foreign
.metrics.count :=
$(foreach name,$(im_foreign),$(eval .metrics.count += 1)$(eval override im_foreign_$(words $(.metrics.count)) := $$(value $(name)))$(eval export im_foreign_$(words $(.metrics.count))))
endif
override SHELL := /bin/sh
override .SHELLFLAGS := -c
.PHONY: .instrumented $(MAKECMDGOALS)
# A failure is told of as .instrumented's, not as a goal's. Under -k make would say of each goal as well what the inner
# make has said already, and 4.0 and 4.1 say of each failure on the standard output; there a mark tells of it.
.metrics.mark := $(.metrics.config)/pending/$(firstword $(.metrics.seen)).failed
.metrics.marks := $(if $(filter 4.0 4.1,$(MAKE_VERSION))$(findstring k,$(filter-out -%,$(firstword $(MAKEFLAGS)))),mark,status)
$(MAKECMDGOALS): .instrumented ; @:$(if $(call .metrics.exists,pending/$(notdir $(.metrics.mark))),$(shell $(call .metrics.sh,plain,im_unmark '$(.metrics.mark)'))$(error the command failed, as it says above))
.instrumented: ; +@$(call .metrics.sh,$(patsubst restored,typed,$(.metrics.how)),im_hand_over $(.metrics.how) $(.metrics.digest) $(.metrics.marks) $(.metrics.level) $(filter GNUmakefile makefile Makefile,$(firstword $(.metrics.list))))

else

# 11. What the commands that anybody may give do; Makefile.instrumented names them.
.metrics.contract = {"collection": $(.metrics.collection), "question": $(.metrics.question), "digest": "$(.metrics.digest)", "prefix": "$(.metrics.prefix)", "version": "0.4.0", "count": $(words $(.metrics.targets)), "first": "$(wordlist 1,8,$(.metrics.targets))"}
.metrics.set-here = $(strip $(foreach name,PATH $(filter PIP_% SSL_% %_proxy %_PROXY REQUESTS_% HOME XDG_CONFIG_%,$(.VARIABLES)),$(if $(filter environment%,$(origin $(name))),,$(name))))
.metrics.ask = $(call .metrics.sh,all,im_ask '$(.metrics.config)' 0.4.0 '$(.metrics.prefix)' $(call .metrics.quote,$(.metrics.set-here)) $1 --contract '$(.metrics.contract)')

endif
endif
endif
