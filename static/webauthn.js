// Passkeys: has the browser make or use one for a form, and sends what it says. The words are the form's.
const bytes = (text) => Uint8Array.from(
  atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0))
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")

const withBytes = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }))

async function make (options, alone) {
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: withBytes(options.excludeCredentials),
    authenticatorSelection: {
      ...options.authenticatorSelection,
      residentKey: alone ? "required" : "discouraged",
      requireResidentKey: alone,
      ...(alone && { userVerification: "required" }),
    },
  }
  const made = await navigator.credentials.create({ publicKey })
  return described(made, {
    clientDataJSON: text(made.response.clientDataJSON),
    attestationObject: text(made.response.attestationObject),
    transports: made.response.getTransports?.() ?? [],
  })
}

async function use (options) {
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    allowCredentials: withBytes(options.allowCredentials),
  }
  const used = await navigator.credentials.get({ publicKey })
  const { clientDataJSON, authenticatorData, signature, userHandle } = used.response
  return described(used, {
    clientDataJSON: text(clientDataJSON),
    authenticatorData: text(authenticatorData),
    signature: text(signature),
    userHandle: userHandle ? text(userHandle) : null,
  })
}

const described = (credential, response) => ({
  id: credential.id,
  type: credential.type,
  rawId: text(credential.rawId),
  authenticatorAttachment: credential.authenticatorAttachment ?? null,
  clientExtensionResults: credential.getClientExtensionResults(),
  response,
})

async function optionsOf (form) {
  if (form.dataset.options) return JSON.parse(form.dataset.options).publicKey
  const answer = await fetch(form.dataset.passkey, { headers: { Accept: "application/json" } })
  if (!answer.ok) throw new Error(`${answer.status}`)
  return (await answer.json()).request_options.publicKey
}

async function send (form) {
  const problem = form.querySelector("[role=alert]")
  problem.hidden = true
  try {
    const options = await optionsOf(form)
    const credential = "makes" in form.dataset
      ? await make(options, form.elements.passwordless.checked)
      : await use(options)
    form.elements.credential.value = JSON.stringify(credential)
  } catch {
    problem.textContent = form.dataset.failed
    problem.hidden = false
    return
  }
  form.submit()
}

if (window.PublicKeyCredential) {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false
    for (const part of form.querySelectorAll("[data-needs-passkeys]")) part.hidden = false
    for (const part of form.querySelectorAll("[data-without-passkeys]")) part.hidden = true
    form.addEventListener("submit", (event) => {
      event.preventDefault()
      send(form)
    })
  }
}
