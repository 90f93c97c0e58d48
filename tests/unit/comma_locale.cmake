# SPDX-License-Identifier: MIT
# Compiles de_DE.UTF-8, whose decimal sign is a comma, into the folder TO, where LOCPATH finds it. Its sources come with
# Debian's package locales. localedef has warnings of its own and then exits with 1, so what counts is what it made.
file(MAKE_DIRECTORY ${TO})
if(NOT EXISTS ${TO}/de_DE.UTF-8/LC_NUMERIC)
    execute_process(COMMAND ${LOCALEDEF} -i de_DE -f UTF-8 ${TO}/de_DE.UTF-8 OUTPUT_QUIET ERROR_VARIABLE why)
endif()
if(NOT EXISTS ${TO}/de_DE.UTF-8/LC_NUMERIC)
    message(FATAL_ERROR "no locale with a decimal comma (package locales): ${why}")
endif()
