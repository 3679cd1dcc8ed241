// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace CLI {
class App;
}

namespace freshet::cli {

/// `freshet generate`: writes the event stream of a synthetic shop.
void add_generate_command(CLI::App& app);

}  // namespace freshet::cli
