# instrumented-make 0.4.1: the engine, the same in every project. Rendered by "instrumented-make render"; do not edit.
# The numbered steps are explained in docs/how-it-works.md of instrumented-make.

# 1. The inner make, to which a command is handed over, reads this file first. It must run as if this file did not
#    exist, so MAKEFILE_LIST is reset as if nothing had been read yet.
ifndef .metrics.needs
.metrics.child := 1
MAKEFILE_LIST :=
else

# 2. Do nothing unless Makefile.instrumented has this version and is in the current folder, beside the first makefile: a
#    copy, a link or "make -f" from elsewhere would find another project's catalog.
ifeq (0.4.1 $(abspath .),$(.metrics.needs) $(abspath $(dir $(firstword $(.metrics.list)))))

# 3. Where the decision is kept: an absolute path. It may contain blanks, but no character that is special to make or
#    a shell.
.metrics.special := % * ? [ ] ~ & < > ( ) { } ' " ` ! \# $$ ; | \ , : =
.metrics.has-special = $(strip $(foreach character,$(.metrics.special),$(findstring $(character),$1)))
.metrics.below = $(if $(filter /%,$(firstword $1)),$1$2)
.metrics.base := $(or $(call .metrics.below,$(value XDG_CONFIG_HOME)),$(call .metrics.below,$(value HOME),/.config))
.metrics.config := $(if $(call .metrics.has-special,$(subst $(.metrics.space),,$(.metrics.base))),,$(call .metrics.below,$(.metrics.base),/$(.metrics.project)))
.metrics.exists = $(wildcard $(subst $(.metrics.space),\ ,$(.metrics.config))/$1)
.metrics.quote = '$(subst ','\'',$1)'
.metrics.sh = im_part=$1 && . ./.instrumented/hand-over.sh && $2

# 4. May this make be recorded? Only if a person started it, with goals, and nothing forbids it.
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

# 5. And only if every goal is tracked, is given once, and contains no special character.
ifneq (,$(.metrics.candidate))
ifneq (,$(filter-out $(.metrics.targets),$(MAKECMDGOALS))$(filter $(.metrics.prefix)-%,$(MAKECMDGOALS))$(word 33,$(MAKECMDGOALS)))
.metrics.candidate :=
else
ifneq (,$(call .metrics.has-special,$(MAKECMDGOALS)))
.metrics.candidate :=
endif
# Not with a blank in a goal, or before or after it.
ifneq ($(MAKECMDGOALS),$(strip $(MAKECMDGOALS)))
.metrics.candidate :=
endif
ifneq ($(words $(MAKECMDGOALS)),$(words $(sort $(MAKECMDGOALS))))
.metrics.candidate :=
endif
# Nor with -w, which most makes also set for -C: the inner make could not know of it without printing the folder.
ifneq (,$(findstring w,$(filter-out -%,$(firstword $(MAKEFLAGS)))))
.metrics.candidate :=
endif
endif
endif

ifneq (,$(.metrics.candidate))
ifneq (,$(call .metrics.exists,agreed.$(.metrics.digest)))

# Since make 4.4, $(shell) gets the command line's variables, expanded: side effects of a value would happen once more,
# and some names change how a program starts. Dollars are doubled in MAKEOVERRIDES.
ifdef MAKEOVERRIDES
.metrics.references := $$( $${
.metrics.values := $(subst $$$$$$$$,,$(MAKEOVERRIDES))
.metrics.telling := $(strip $(filter LD_% DYLD_% SHELLOPTS% BASH% GLIBC_% MALLOC_%,$(.metrics.values)) $(foreach reference,$(.metrics.references),$(findstring $(reference),$(.metrics.values))))
endif

# A missing folder for temporary files: make warns about it every time it starts. And names that the hand-over or its
# shell uses itself.
.metrics.temporary := $(strip $(foreach name,TMPDIR MAKE_TMPDIR,$(if $(filter environment%,$(origin $(name))),$(if $(wildcard $(subst $(.metrics.space),\ ,$(value $(name)))/.),,$(name)))))
ifneq (undefined,$(.metrics.temporary)$(filter im_%,$(.VARIABLES))$(origin IFS))
.metrics.telling := yes
endif

# A name in the environment that is not valid in a shell, such as a function exported by bash: a shell may drop it, so
# it is passed under another name. Nothing is handed over if make cannot handle a name, such as one with a blank.
.metrics.names := $(subst environment override:,environment:,$(foreach name,$(.VARIABLES),$(origin $(name)):$(name)))
.metrics.environment := $(patsubst environment:%,%,$(filter environment:%,$(.metrics.names)))
.metrics.bearable := % - + . / : @ ^ ? * ! ~ [ ]
.metrics.unbearable := ( ) { } < > ' " ` \# $$ ; | \ , & =
.metrics.odd = $(strip $(foreach character,$2,$(findstring $(character),$1)))
.metrics.foreign :=
ifneq (,$(call .metrics.odd,$(.metrics.environment),$(.metrics.bearable)))
.metrics.foreign := $(foreach name,$(.metrics.environment),$(if $(call .metrics.odd,$(name),$(.metrics.bearable)),$(name)))
endif
ifneq (,$(call .metrics.odd,$(.metrics.environment),$(.metrics.unbearable))$(filter undefined:%,$(.metrics.names)))
.metrics.telling := yes
endif

# 6. And only if make, its shell and its goals have not been changed, no other makefile was read before, and this make
#    has not restarted itself. If the environment has a SHELL, as in a terminal, make's own SHELL has origin "file".
ifneq (,$(filter default:% file:/bin/sh,$(origin SHELL):$(SHELL)))
ifeq (default default default undefined undefined undefined,$(origin MAKE) $(origin MAKE_COMMAND) $(origin MAKECMDGOALS) $(origin MAKE_RESTARTS) $(origin SHELLOPTS) $(origin BASHOPTS))
ifeq (file,$(origin MAKEFILE_LIST)$(filter-out default undefined,$(origin .SHELLFLAGS) $(origin MAKE_TERMOUT) $(origin MAKE_TERMERR)))
ifndef MAKEFILES
ifndef LD_PRELOAD
ifndef .metrics.telling

# 7. And only if the command line can be handed over exactly. Make does not show a makefile all of it, so a shell looks:
#    .instrumented/hand-over.sh has the rule. "plain" means goals only; "typed" is everything that the rule allows.
.metrics.how :=
# Before make 4.4, $(shell) gets the environment that make was started with.
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
.metrics.seen := $(shell exec 2>/dev/null; $(call .metrics.sh,typed,im_look_closely $(.metrics.look) $(filter 4.0,$(MAKE_VERSION))))
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

# 8. No decision yet: print a one-line reminder, on a terminal only and at most once a day.
ifeq (,$(call .metrics.exists,declined))
ifneq (,$(filter 3.8% 4.0%,$(MAKE_VERSION))$(filter-out undefined,$(origin MAKE_TERMERR)))
.metrics.invited := $(shell exec 3>&2 2>/dev/null; $(call .metrics.sh,all,im_invite '$(.metrics.config)' '$(.metrics.project)' '$(.metrics.prefix)'))
endif
endif
endif
endif

# Hide from the project's makefile that a shell ran for the look or the invitation (since make 4.2).
ifeq (override,$(origin .SHELLSTATUS))
override undefine .SHELLSTATUS
endif

ifdef INSTRUMENTED

# 9. What is reported for each goal: the target of that name in the catalog, or the first pattern that matches. The
#    search narrows the list to a tenth, a tenth of that, and so on, since a catalog may have thousands of patterns.
.metrics.tenths := 0:1 1:2 2:3 3:4 4:5 5:6 6:7 7:8 8:9 9:10
.metrics.tenth = $(wordlist $(firstword $(subst :, ,$2))$(patsubst %0,%1,$3),$(lastword $(subst :, ,$2))$3,$1)
.metrics.narrowed = $(call .metrics.tenth,$1,$(firstword $(foreach tenth,$(.metrics.tenths),$(if $(filter $(call .metrics.tenth,$1,$(tenth),$3),$2),$(tenth)))),$3)
.metrics.fits = $(firstword $(foreach pattern,$1,$(if $(filter $(pattern),$2),$(pattern))))
.metrics.search = $(call .metrics.fits,$(call .metrics.narrowed,$(call .metrics.narrowed,$(call .metrics.narrowed,$(call .metrics.narrowed,$1,$2,0000),$2,000),$2,00),$2,0),$2)
.metrics.name = $(or $(filter $1,$(.metrics.targets)),$(call .metrics.search,$(.metrics.targets),$1))

# 10. The hand-over. Goals and paths are passed in the environment, never in the text of a recipe. So are the variables
#     that a shell changes in its own environment, so that they can be restored.
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
# A failure is reported for .instrumented, not for a goal. With -k, make would repeat for each goal what the inner make
# has already printed, and 4.0 and 4.1 print each failure on standard output; in these cases a marker file reports it.
.metrics.mark := $(.metrics.config)/pending/$(firstword $(.metrics.seen)).failed
.metrics.marks := $(if $(filter 4.0 4.1,$(MAKE_VERSION))$(findstring k,$(filter-out -%,$(firstword $(MAKEFLAGS)))),mark,status)
$(MAKECMDGOALS): .instrumented ; @:$(if $(call .metrics.exists,pending/$(notdir $(.metrics.mark))),$(shell $(call .metrics.sh,typed,im_unmark '$(.metrics.mark)'))$(error the command failed, as it says above))
.instrumented: ; +@$(call .metrics.sh,$(patsubst restored,typed,$(.metrics.how)),im_hand_over $(.metrics.how) $(.metrics.digest) $(.metrics.marks) $(.metrics.level) $(filter GNUmakefile makefile Makefile,$(firstword $(.metrics.list))))

else

# 11. What the reporter's commands do, which anybody may run; Makefile.instrumented names them.
.metrics.contract = {"collection": $(.metrics.collection), "question": $(.metrics.question), "digest": "$(.metrics.digest)", "prefix": "$(.metrics.prefix)", "version": "0.4.1", "count": $(words $(.metrics.targets)), "first": "$(wordlist 1,8,$(.metrics.targets))"}
.metrics.set-here = $(strip $(foreach name,PATH $(filter PIP_% SSL_% %_proxy %_PROXY REQUESTS_% HOME XDG_CONFIG_%,$(.VARIABLES)),$(if $(filter environment%,$(origin $(name))),,$(name))))
.metrics.ask = $(call .metrics.sh,all,im_ask '$(.metrics.config)' 0.4.1 '$(.metrics.prefix)' $(call .metrics.quote,$(.metrics.set-here)) $1 --contract '$(.metrics.contract)')

endif
endif
endif
