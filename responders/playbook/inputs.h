#pragma once
// The facts of an incident as playbook inputs. The one list of names that shipped playbooks may ask for.

#include "responders/incident/incident.h"
#include "responders/playbook/run/run.h"

namespace tocsin::responders {

// __incident__, __host__, __severity__, __title__; the first of each kind, most telling role first: __source_ip__
// (address, actor), __target_ip__ (address, target), __outside_ip__ (a public address of command and
// control or exfiltration alerts), __user__, __file__, __process__, __domain__, __technique__. Of alerts about `here`,
// this host, alone, the latest that knows: __pid__ (the process that did it), __unit__ (of systemd, that it belongs
// to), __cron__ (a table of cron, as cron.disable takes it), __key__ (fingerprint of an SSH key that got somebody in).
// What the incident does not know is left out, so the variable keeps its default or stays without a value.
Inputs inputs_from_incident(const Incident& incident, std::string_view here);

}  // namespace tocsin::responders
