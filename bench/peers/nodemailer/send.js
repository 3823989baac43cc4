// Sends personal copies of a letter through nodemailer's pool. `node send.js OPTIONS.json`; prints one line of JSON:
// when the first message was given to the pool after the warm-up (seconds since 1970), and the CPU time since then.
import { readFileSync } from "node:fs";
import nodemailer from "nodemailer";

const options = JSON.parse(readFileSync(process.argv[2], "utf8"));
const transport = nodemailer.createTransport({
    pool: true,
    host: options.host,
    port: options.port,
    secure: false,
    requireTLS: true,
    tls: { rejectUnauthorized: false },
    name: options.name,
    maxConnections: options.connections,
    maxMessages: Infinity,
    dkim: options.dkim,
});

function personal(text, number) {
    return text.replaceAll("{first_name}", `Aurélienne${number}`).replaceAll("{email}", address(number));
}

function address(number) {
    return `reader${number}@dest.example`;
}

function compose(number) {
    const { letter } = options;
    return {
        envelope: { from: `bounce+${number}@${options.domain}`, to: address(number) },
        from: letter.sender,
        to: address(number),
        subject: personal(letter.subject, number),
        text: personal(letter.text, number),
        html: personal(letter.html, number),
        headers: letter.headers,
        textEncoding: "quoted-printable",
        disableFileAccess: true,
        disableUrlAccess: true,
    };
}

// Twice as many under way as there are connections, so that none waits for its next message.
async function send(first, count) {
    let next = first;
    const work = async () => {
        while (next < first + count) await transport.sendMail(compose(next++));
    };
    await Promise.all(Array.from({ length: 2 * options.connections }, work));
}

await send(0, options.warmUp);
const began = Date.now() / 1000;
const before = process.cpuUsage();
await send(options.warmUp, options.count);
const { user, system } = process.cpuUsage(before);
transport.close();
console.log(JSON.stringify({ began, cpu_us: user + system }));
