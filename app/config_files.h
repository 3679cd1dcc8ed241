// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "app/config.h"

namespace freshet::app {

/// What this user would find wrong with the files of a configuration: keys, certificate and its key, audit file, data
/// directory, and the files of Kafka's properties. Changes none of them. References ("$file:PATH") are load_config's.
/// REQUIRES: a configuration that load_config() found no problem with.
std::vector<ConfigProblem> check_files(const Config& config);

}  // namespace freshet::app
