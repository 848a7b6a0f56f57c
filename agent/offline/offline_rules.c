/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/offline/offline_rules.h"

#define WE "i|i've|we|we've? have|just? just? "
#define AN "a|an|the|my|our|new? new? "
#define IN_CALENDAR "to|in|into|on|from my|the|our calendar|diary|agenda|schedule"
#define VEHICLE \
    "with|in|by? my|our|the|a? " \
    "car|van|caravan|motorhome|rv|camper|campervan|bus|truck|4wd|ute"
#define TRIP "trip|route|drive|journey|roadtrip"

const struct offline_rule offline_rules[] = {
    /* what money was spent on */
    {OFFLINE_ADD_EXPENSE, WE "spent|paid ^ {amount} on|for {what}", OFFLINE_PLAIN},
    {OFFLINE_ADD_EXPENSE, WE "spent|paid ^ {amount}", OFFLINE_PLAIN},
    {OFFLINE_ADD_EXPENSE, WE "bought|purchased ^ {goods} for {amount}", OFFLINE_PLAIN},
    {OFFLINE_ADD_EXPENSE,
        "log|record|add|enter|create? " AN "expense|purchase|payment ^ of|for|:? "
        "{amount} on|for {what}",
        OFFLINE_PLAIN},
    {OFFLINE_ADD_EXPENSE,
        "log|record|add|enter|create? " AN "expense|purchase|payment ^ for|: "
        "{what} "
        "of|:|,? {amount}",
        OFFLINE_PLAIN},
    {OFFLINE_ADD_EXPENSE,
        "log|record|add|enter|create? " AN "expense|purchase|payment ^ of|for|:? "
        "{amount} {what}?",
        OFFLINE_MONEY},
    {OFFLINE_ADD_EXPENSE, "log|record|add|enter|create " AN "{amount} expense ^ for|on {what}",
        OFFLINE_PLAIN},
    {OFFLINE_ADD_EXPENSE, "log|record|add|enter|create " AN "{what} expense ^ of|:? {amount}",
        OFFLINE_PLAIN},
    {OFFLINE_ADD_EXPENSE, "log|record ^ {amount} on|for {what}", OFFLINE_CATEGORY},
    {OFFLINE_ADD_EXPENSE, "add|enter {amount} ^ on|for {what}", OFFLINE_CATEGORY},
    {OFFLINE_ADD_EXPENSE, "log|record|add|enter ^ {amount} {what}", OFFLINE_MONEY},
    {OFFLINE_ADD_EXPENSE, "log|record|add|enter {what} : {amount}", OFFLINE_MONEY},
    {OFFLINE_ADD_EXPENSE, "log|record|add|enter {what} {amount}", OFFLINE_MONEY},
    {OFFLINE_ADD_EXPENSE, "my|the|our|a? {what} cost ^ me|us? {amount}", OFFLINE_PLAIN},

    /* budgets */
    {OFFLINE_SET_BUDGET,
        "set|make my|the|a|our? {what} budget ^ to|of|at|is|:|=? {amount} {period}?",
        OFFLINE_PLAIN},
    {OFFLINE_SET_BUDGET,
        "set|make|change|update|put|adjust|raise|lower|increase|reduce|cut "
        "my|the|a|our? {what} budget ^ to {amount} {period}?",
        OFFLINE_PLAIN},
    {OFFLINE_SET_BUDGET,
        "set|make|create|add? a|my|the|our? {period}? budget ^ of|to? {amount} "
        "{period}? "
        "for|on {what} {period}?",
        OFFLINE_PLAIN},
    {OFFLINE_SET_BUDGET,
        "set|make|create|add? a|my|the|our? {period} {what} budget ^ to|of|at? "
        "{amount}",
        OFFLINE_PLAIN},
    {OFFLINE_SET_BUDGET,
        "set|make|create|add? a|my|the|our? budget ^ for|on {what} to|of|at|:? "
        "{amount} "
        "{period}?",
        OFFLINE_PLAIN},
    {OFFLINE_BUDGET, "how is|are|'s my|the|our budget|budgets doing|going|looking?", OFFLINE_PLAIN},
    {OFFLINE_BUDGET, "how's my|the|our budget doing|going|looking?", OFFLINE_PLAIN},
    {OFFLINE_BUDGET,
        "am|are i|we over|under|within|on|in|inside my|our|the? "
        "budget",
        OFFLINE_PLAIN},
    {OFFLINE_BUDGET, "show|check|analyse|analyze me? my|the|our? budget|budgets", OFFLINE_PLAIN},
    {OFFLINE_BUDGET, "my|the? budget status|summary|report?", OFFLINE_PLAIN},
    {OFFLINE_SPENDING,
        "how much did|have i|we spend|spent ^ so? far? on|for "
        "{what}",
        OFFLINE_PLAIN},
    {OFFLINE_SPENDING, "how much did|have i|we spend|spent ^ so? far?", OFFLINE_PLAIN},
    {OFFLINE_SPENDING, "how much money? did|have i|we spend|spent ^ so? far?", OFFLINE_PLAIN},
    {OFFLINE_SPENDING, "what did|have i|we spend|spent ^ so? far?", OFFLINE_PLAIN},
    {OFFLINE_SPENDING, "what did|have i|we spend|spent ^ on {what}", OFFLINE_PLAIN},
    {OFFLINE_SPENDING,
        "show|tell|give? me? a|the|my? spending|expense|expenses summary|report? "
        "for|of? the? {period}?",
        OFFLINE_PLAIN},
    {OFFLINE_SPENDING,
        "show|tell|give? me? a|the|my? spending|expense|expenses summary|report? "
        "for|of the week|month|quarter|year",
        OFFLINE_PLAIN},
    {OFFLINE_SPENDING,
        "show|give? me? a|the? summary of my|the|our "
        "spending|expenses",
        OFFLINE_PLAIN},

    /* reminders and events */
    {OFFLINE_REMIND, "remind me ^ to|about|of {title}", OFFLINE_PLAIN},
    {OFFLINE_REMIND, "set|create|add|make|new? " AN "reminder ^ to|for|about|:|called? {title}",
        OFFLINE_PLAIN},
    {OFFLINE_ADD_EVENT,
        "add|put|create|enter|insert|schedule " AN "event|entry "
        "called|named|for|: ^ "
        "{title}",
        OFFLINE_PLAIN},
    {OFFLINE_ADD_EVENT, "new? event : ^ {title}", OFFLINE_PLAIN},
    {OFFLINE_ADD_EVENT,
        "add|put|create|enter|insert|schedule|make {title} back? ^ "
        "" IN_CALENDAR,
        OFFLINE_PLAIN},
    {OFFLINE_ADD_EVENT, "add|put|enter|insert " IN_CALENDAR " ^ :? {title}", OFFLINE_PLAIN},
    {OFFLINE_ADD_EVENT, "add|create|schedule|make|enter|put ^ in? {event}", OFFLINE_PLAIN},
    {OFFLINE_MOVE_EVENT, "move|reschedule|postpone|shift ^ my|the|our? {title} to|until {when}",
        OFFLINE_PLAIN},
    {OFFLINE_MOVE_EVENT, "move|reschedule|postpone|shift ^ my|the|our? {title} {when}",
        OFFLINE_FOR},
    {OFFLINE_DELETE_EVENT,
        "delete|cancel|remove ^ my|the|our|this? {title} "
        "" IN_CALENDAR,
        OFFLINE_PLAIN},
    {OFFLINE_DELETE_EVENT, "delete|cancel|remove ^ my|the|our|this? {event}", OFFLINE_PLAIN},
    {OFFLINE_LIST_EVENTS,
        "what|what's|whats is|are? on|in my|the|our "
        "calendar|diary|agenda|schedule",
        OFFLINE_PLAIN},
    {OFFLINE_LIST_EVENTS,
        "what|what's|whats|how is|are? my|the|our "
        "calendar|agenda|schedule|appointments|"
        "events|plans|bookings",
        OFFLINE_PLAIN},
    {OFFLINE_LIST_EVENTS,
        "show|list|see|open|check me? all? my|the|our? coming|upcoming? "
        "calendar|agenda|schedule|appointments|events|meetings|diary|plans|bookings",
        OFFLINE_PLAIN},
    {OFFLINE_LIST_EVENTS,
        "show|list|see me? all? my|the|our? coming|upcoming? "
        "reminders",
        OFFLINE_REMINDERS},
    {OFFLINE_LIST_EVENTS, "what reminders do i have", OFFLINE_REMINDERS},
    {OFFLINE_LIST_EVENTS,
        "what|which appointments|events|meetings|plans do i|we have "
        "planned|coming? up?",
        OFFLINE_PLAIN},
    {OFFLINE_LIST_EVENTS, "what do i|we have on|planned|scheduled? {when}", OFFLINE_PLAIN},
    {OFFLINE_LIST_EVENTS,
        "do i|we have any|anything|something|an|a? "
        "appointments|events|meetings|plans|appointment|event|meeting|on|planned|scheduled {when}?",
        OFFLINE_PLAIN},
    {OFFLINE_LIST_EVENTS,
        "do i|we have anything on|planned|scheduled? on|in? my? "
        "calendar?",
        OFFLINE_PLAIN},
    {OFFLINE_LIST_EVENTS, "what's|whats|what is? on {when}", OFFLINE_PLAIN},
    {OFFLINE_LIST_EVENTS, "what's|what is? coming up in|on? my? calendar?", OFFLINE_PLAIN},
    {OFFLINE_LIST_EVENTS,
        "my|the? calendar|agenda|appointments|events|schedule "
        "{when}?",
        OFFLINE_PLAIN},

    /* timers */
    {OFFLINE_SET_TIMER,
        "set|start|create|make|run|give? me? " AN "{duration} timer|countdown ^ "
        "for|called|named {title}",
        OFFLINE_PLAIN},
    {OFFLINE_SET_TIMER, "set|start|create|make|run|give? me? " AN "{duration} timer|countdown ^",
        OFFLINE_PLAIN},
    {OFFLINE_SET_TIMER,
        "set|start|create|make|run? " AN "timer|countdown ^ for|of|to|:? "
        "{duration} "
        "for|called|named {title}",
        OFFLINE_PLAIN},
    {OFFLINE_SET_TIMER,
        "set|start|create|make|run? " AN "timer|countdown ^ for|of|to|:? "
        "{duration}",
        OFFLINE_PLAIN},
    {OFFLINE_SET_TIMER,
        "set|start|create|make|run? " AN "timer|countdown ^ called|named {title} "
        "for|of {duration}",
        OFFLINE_PLAIN},
    {OFFLINE_SET_TIMER, "set|start|create|make|run " AN "timer|countdown ^", OFFLINE_PLAIN},

    /* travel */
    {OFFLINE_PLAN_TRIP,
        "plan|make|create me|us? " AN "road? " TRIP " ^ from? {from} to {to} "
        "" VEHICLE "?",
        OFFLINE_PLAIN},
    {OFFLINE_PLAN_TRIP,
        "plan|make|create me|us? " AN "road? " TRIP " ^ from? {from} to "
        "{to}",
        OFFLINE_PLAIN},
    {OFFLINE_PLAN_TRIP, "plan|make|create me|us? " AN "road? " TRIP " ^ between {from} and {to}",
        OFFLINE_PLAIN},
    {OFFLINE_PLAN_TRIP,
        "plan|make|create me|us? " AN "road? " TRIP " ^ to {to} from "
        "{from}",
        OFFLINE_PLAIN},
    {OFFLINE_PLAN_TRIP, "plan|make|create me|us? " AN "road? " TRIP " ^ to {to}", OFFLINE_PLAIN},
    {OFFLINE_PLAN_TRIP, "plan me|us? " AN "road? " TRIP " ^", OFFLINE_PLAIN},
    {OFFLINE_DISTANCE,
        "how far is it|the? drive? ^ from|between {from} to|and {to} by|in? the|a? "
        "car|road?",
        OFFLINE_PLAIN},
    {OFFLINE_DISTANCE, "how far is it|the? drive? ^ to {to} from {from}", OFFLINE_PLAIN},
    {OFFLINE_DISTANCE, "how far is ^ {to} away? from {from}", OFFLINE_PLAIN},
    {OFFLINE_DISTANCE, "how far is it? ^ to {to}", OFFLINE_PLAIN},
    {OFFLINE_DISTANCE, "how far away? is ^ {to}", OFFLINE_PLAIN},
    {OFFLINE_DISTANCE,
        "what|what's is? the driving|road? distance ^ from|between {from} to|and "
        "{to}",
        OFFLINE_PLAIN},
    {OFFLINE_DISTANCE,
        "what|what's is? the driving|road? distance ^ to {to} from? "
        "{from}?",
        OFFLINE_PLAIN},
    {OFFLINE_DISTANCE,
        "calculate|tell? me? the? driving|road? distance ^ from|between? {from} "
        "to|and {to}",
        OFFLINE_PLAIN},
    {OFFLINE_DISTANCE,
        "how many km|kms|kilometres|kilometers|miles is|are? it|there? ^ "
        "from|between {from} "
        "to|and {to}",
        OFFLINE_PLAIN},
    {OFFLINE_TRAVEL_TIME,
        "how long is the|a? drive|trip ^ from {from} to {to} "
        "leaving|departing|starting?",
        OFFLINE_PLAIN},
    {OFFLINE_TRAVEL_TIME, "how long is the|a? drive|trip ^ to {to} from {from}", OFFLINE_PLAIN},
    {OFFLINE_TRAVEL_TIME, "how long is the|a? drive|trip ^ to {to}", OFFLINE_PLAIN},
    {OFFLINE_TRAVEL_TIME,
        "how long does|will|would|do? it? i|we? take|need? me|us? to drive|get "
        "^ from {from} "
        "to {to} leaving|departing|starting?",
        OFFLINE_PLAIN},
    {OFFLINE_TRAVEL_TIME,
        "how long does|will|would|do? it? i|we? take|need? me|us? to drive|get "
        "^ to {to} "
        "from {from}",
        OFFLINE_PLAIN},
    {OFFLINE_TRAVEL_TIME,
        "how long does|will|would|do? it? i|we? take|need? me|us? to drive|get "
        "^ to {to}",
        OFFLINE_PLAIN},
    {OFFLINE_TRAVEL_TIME,
        "what|what's is? the? driving|drive|travel time ^ from|between {from} "
        "to|and {to}",
        OFFLINE_PLAIN},
    {OFFLINE_TRAVEL_TIME,
        "driving|drive|travel time ^ from|between {from} to|and "
        "{to}",
        OFFLINE_PLAIN},

    /* the time; talk */
    {OFFLINE_TIME, "what time is it ^ right? now? in|at {to} right? now?", OFFLINE_PLAIN},
    {OFFLINE_TIME, "what time is it ^ right? now?", OFFLINE_PLAIN},
    {OFFLINE_TIME,
        "what|what's|tell is|me? the current|local? time ^ right? now? in {to} right? "
        "now?",
        OFFLINE_PLAIN},
    {OFFLINE_TIME, "what|what's|tell is|me? the current|local? time ^ right? now?", OFFLINE_PLAIN},
    {OFFLINE_TIME, "current|local? time ^ in {to}", OFFLINE_PLAIN},
    {OFFLINE_TIME, "current time", OFFLINE_PLAIN},
    {OFFLINE_TIME, "what day|date is it? the? date?", OFFLINE_PLAIN},
    {OFFLINE_TIME, "what|what's is? the|today's date", OFFLINE_PLAIN},
    {OFFLINE_HELP, "help me? please?", OFFLINE_PLAIN},
    {OFFLINE_HELP, "what can you|i do|say|ask you|here|offline?", OFFLINE_PLAIN},
    {OFFLINE_HELP, "what do you do|understand|know", OFFLINE_PLAIN},
    {OFFLINE_HELP, "who|what are you", OFFLINE_PLAIN},
    {OFFLINE_HELP, "how do|does you|this work", OFFLINE_PLAIN},
};
const size_t offline_rule_count = sizeof offline_rules / sizeof *offline_rules;
