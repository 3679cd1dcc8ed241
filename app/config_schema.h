// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "app/config.h"
#include "base/options.h"

namespace freshet::app {

using ConfigOption = Option<Config>;

/// Every option there is, in the order of docs/config.md: those of the modules, each in its section.
const std::vector<ConfigOption>& config_schema();

}  // namespace freshet::app
