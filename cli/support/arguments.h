// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <span>
#include <string>

namespace freshet::cli {

/// A check of an option for a whole number. CLI11 itself would take -1 for a number just below 2^64.
CLI::Validator whole_number(std::uint64_t least = 0, std::uint64_t most = UINT64_MAX);

/// A check of an option for any other number. CLI::Range would let "nan" pass.
CLI::Validator number_between(double least, double most);

/// Why the first words of the command line (without the program's name) name no command of `app`; empty if they do, or
/// if an option comes first. CLI11 would only say that a command is missing.
std::string unknown_command(const CLI::App& app, std::span<const char* const> words);

}  // namespace freshet::cli
